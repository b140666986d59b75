"""Context, path and class of every route of the API."""

from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.routing import APIRoute

from app.domain.patterns import PATH_SLUG
from app.http.context import RequestContext, request_context
from app.http.problems import list_query_params, repeated_parameter
from app.openapi.responses import error_responses


async def get_context(request: Request) -> AsyncIterator[RequestContext]:
    """Request context. Its transaction is closed when the response is built, or here at the latest."""
    with request_context(request) as ctx:
        yield ctx


Context = Annotated[RequestContext, Depends(get_context)]
PathSlug = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="Slug. A former slug or another known name redirects to it.",
        # In the document alone, so that `{slug}` and `{slug}.jsonld` do not overlap; names with other characters redirect.
        json_schema_extra={"pattern": PATH_SLUG},
    ),
]


class StrictRoute(APIRoute):
    """Route that rejects a repeated scalar parameter: either of its values could be the intended one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                _reject_repeated(request)
            return await handle(request)

        return handle_strictly


def _reject_repeated(request: Request) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = {name for name in names if names.count(name) > 1}
    if not repeated:
        return
    fields = list_query_params(request)
    scalars = {name for name in repeated if name in fields and not _is_repeatable(fields[name].annotation)}
    if scalars:
        raise repeated_parameter({name: request.query_params.getlist(name)[-1] for name in scalars})


def _is_repeatable(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return getattr(annotation, "__origin__", None) is list


def create_router(*tags: str, prefix: str = "") -> APIRouter:
    """Create a router below /v1, with the error responses that every path has."""
    return APIRouter(prefix=prefix, tags=[*tags], route_class=StrictRoute, responses=error_responses())
