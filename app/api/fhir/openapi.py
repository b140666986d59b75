"""Responses of /fhir in its OpenAPI document. The schemas name the resource type only; tests validate bodies as FHIR R5."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path

from app.api.deps import StrictRoute
from app.domain.json import Json
from app.http.operation_outcome import MEDIA_TYPE
from app.openapi.responses import COMMON_STATUSES, RECORD_STATUSES, UndocumentedMediaType, error_responses

ResourceId = Annotated[str, Path(min_length=1, max_length=200, description="Id of the resource.")]


def create_fhir_router() -> APIRouter:
    """Create a router under /fhir whose operation ids are the names of the handlers."""
    return APIRouter(
        prefix="/fhir",
        route_class=StrictRoute,
        default_response_class=UndocumentedMediaType,
        generate_unique_id_function=lambda route: route.name,
    )


def _build_content(resource_type: str) -> Json:
    properties = {"resourceType": {"type": "string", "const": resource_type}}
    return {MEDIA_TYPE.decode(): {"schema": {"type": "object", "required": ["resourceType"], "properties": properties}}}


def resource_responses(resource_type: str, statuses: Sequence[int] = RECORD_STATUSES) -> dict[int | str, Json]:
    """Responses of a path that returns a resource; `statuses` are those beside the common ones."""
    responses = error_responses(*statuses)
    for status in {*COMMON_STATUSES, *statuses} - {304, 307, 308}:
        responses[status]["content"] = _build_content("OperationOutcome")
    responses[200] = {"description": f"{resource_type}.", "content": _build_content(resource_type)}
    return responses
