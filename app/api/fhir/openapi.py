"""Responses of /fhir in its OpenAPI document. The schemas name the resource type only; tests validate bodies as FHIR R5."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path

from app.api.deps import StrictRoute
from app.domain.json import Json
from app.http.operation_outcome import MEDIA_TYPE
from app.openapi.responses import COMMON_STATUSES, RECORD_STATUSES, error_responses

FHIR_JSON: Final = MEDIA_TYPE.decode()
ResourceId = Annotated[str, Path(min_length=1, max_length=200, description="Id of the resource.")]


def create_fhir_router(tag: str) -> APIRouter:
    """Create a router under /fhir whose operation ids are the names of the handlers."""
    return APIRouter(
        prefix="/fhir", route_class=StrictRoute, tags=[tag], generate_unique_id_function=lambda route: route.name
    )


def _build_content(resource_type: str) -> Json:
    properties = {"resourceType": {"type": "string", "const": resource_type}}
    return {FHIR_JSON: {"schema": {"type": "object", "required": ["resourceType"], "properties": properties}}}


def resource_responses(resource_type: str) -> dict[int | str, dict[str, Any]]:
    """Responses of a path that returns one resource."""
    return _build_responses(resource_type, *RECORD_STATUSES)


def search_responses() -> dict[int | str, dict[str, Any]]:
    """Responses of a search."""
    return _build_responses("Bundle")


def _build_responses(resource_type: str, *statuses: int) -> dict[int | str, dict[str, Any]]:
    responses = error_responses(*statuses)
    for status in {*COMMON_STATUSES, *statuses} - {304, 307, 308}:
        responses[status]["content"] = _build_content("OperationOutcome")
    responses[200] = {"description": f"{resource_type}.", "content": _build_content(resource_type)}
    return responses
