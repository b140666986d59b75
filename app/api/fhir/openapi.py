"""What the OpenAPI document of /fhir says of answers. The shapes themselves are FHIR's own, and validated against it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path

from app.api.deps import StrictRoute
from app.http.operation_outcome import MEDIA_TYPE
from app.openapi.responses import ALWAYS, OF_A_RECORD, answers

JSON: Final = MEDIA_TYPE.decode()
Id = Annotated[str, Path(min_length=1, max_length=200, description="Id of the resource.")]


def fhir_router(tag: str) -> APIRouter:
    """A part of /fhir; operation ids are the names of the functions."""
    return APIRouter(
        prefix="/fhir", route_class=StrictRoute, tags=[tag], generate_unique_id_function=lambda route: route.name
    )


def _resource(name: str) -> dict[str, Any]:
    kind = {"type": "string", "const": name}
    return {"type": "object", "required": ["resourceType"], "properties": {"resourceType": kind}}


_OUTCOME: Final = {JSON: {"schema": _resource("OperationOutcome")}}


def of_a_resource(name: str, *more: int) -> dict[int | str, dict[str, Any]]:
    """Answers of a path that gives one resource."""
    return _answers(name, *OF_A_RECORD, *more)


def of_a_search() -> dict[int | str, dict[str, Any]]:
    """Answers of a search."""
    return _answers("Bundle")


def _answers(name: str, *more: int) -> dict[int | str, dict[str, Any]]:
    found = answers(*more)
    for status in {*ALWAYS, *more} - {304, 307, 308}:
        found[status]["content"] = _OUTCOME
    found[200] = {"description": f"{name}.", "content": {JSON: {"schema": _resource(name)}}}
    return found
