"""What the OpenAPI document of /fhir says of answers. The shapes themselves are FHIR's own, and validated against it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path

from app.api.deps import StrictRoute
from app.http.operation_outcome import MEDIA_TYPE
from app.openapi.responses import COMMON_STATUSES, RECORD_STATUSES, error_responses

FHIR_JSON: Final = MEDIA_TYPE.decode()
ResourceId = Annotated[str, Path(min_length=1, max_length=200, description="Id of the resource.")]


def create_fhir_router(tag: str) -> APIRouter:
    """A part of /fhir; operation ids are the names of the functions."""
    return APIRouter(
        prefix="/fhir", route_class=StrictRoute, tags=[tag], generate_unique_id_function=lambda route: route.name
    )


def _resource_schema(name: str) -> dict[str, Any]:
    kind = {"type": "string", "const": name}
    return {"type": "object", "required": ["resourceType"], "properties": {"resourceType": kind}}


_OUTCOME_CONTENT: Final = {FHIR_JSON: {"schema": _resource_schema("OperationOutcome")}}


def resource_responses(name: str, *more: int) -> dict[int | str, dict[str, Any]]:
    """Answers of a path that gives one resource."""
    return _build_responses(name, *RECORD_STATUSES, *more)


def search_responses() -> dict[int | str, dict[str, Any]]:
    """Answers of a search."""
    return _build_responses("Bundle")


def _build_responses(name: str, *more: int) -> dict[int | str, dict[str, Any]]:
    found = error_responses(*more)
    for status in {*COMMON_STATUSES, *more} - {304, 307, 308}:
        found[status]["content"] = _OUTCOME_CONTENT
    found[200] = {"description": f"{name}.", "content": {FHIR_JSON: {"schema": _resource_schema(name)}}}
    return found
