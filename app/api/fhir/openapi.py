"""Responses of /fhir in its OpenAPI document. The schemas name the resource type only; tests validate bodies as FHIR R5."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request, Response

from app.api.deps import StrictRoute
from app.domain.json import Json
from app.errors import NotAcceptable
from app.http.fhir_requests import ACCEPTS_NOTHING, LENIENT, accepts_json
from app.http.operation_outcome import MEDIA_TYPE
from app.http.problems import list_query_params
from app.openapi.responses import RECORD_STATUSES, UndocumentedMediaType, error_responses

ResourceId = Annotated[str, Path(min_length=1, max_length=200, description="Id of the resource.")]


class FhirRoute(StrictRoute):
    """Route that refuses other formats, and drops unknown parameters for a caller that prefers lenient handling."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_fhir(request: Request) -> Response:
            path, file_format = request.scope["path"], request.query_params.get("_format")
            # A plus sign that was not percent-encoded arrives as a space.
            is_acceptable = (
                request.headers.get("accept") != ACCEPTS_NOTHING
                if file_format is None
                else accepts_json(file_format.replace(" ", "+"), path)
            )
            if not is_acceptable:
                raise NotAcceptable("Only application/fhir+json of the FHIR version of this path is served.")
            if request.headers.get("prefer") == LENIENT:
                request = Request({**request.scope, "query_string": _drop_unknown(request)}, request.receive)
            return await handle(request)

        return handle_fhir


def _drop_unknown(request: Request) -> bytes:
    """Query without unknown parameters. An unknown modifier of a known parameter is never ignored: it would widen the search."""
    known = list_query_params(request)
    kept = [pair for pair in request.query_params.multi_items() if pair[0].partition(":")[0] in known]
    return urlencode(kept).encode()


def create_fhir_router(prefix: str) -> APIRouter:
    """Create a router whose operation ids are the names of the handlers."""
    return APIRouter(
        prefix=prefix,
        route_class=FhirRoute,
        default_response_class=UndocumentedMediaType,
        generate_unique_id_function=lambda route: route.name,
    )


def _build_content(resource_type: str) -> Json:
    properties = {"resourceType": {"type": "string", "const": resource_type}}
    return {MEDIA_TYPE.decode(): {"schema": {"type": "object", "required": ["resourceType"], "properties": properties}}}


def resource_responses(resource_type: str, statuses: Sequence[int] = RECORD_STATUSES) -> dict[int | str, Json]:
    """Responses of a path that returns a resource; `statuses` are those beside the common ones."""
    responses = error_responses(*statuses, 406)
    # FHIR has 400 for every invalid parameter.
    del responses[422]
    for status in responses.keys() - {304, 307, 308}:
        responses[int(status)]["content"] = _build_content("OperationOutcome")
    responses[200] = {"description": f"{resource_type}.", "content": _build_content(resource_type)}
    return responses
