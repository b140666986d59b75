"""The short way to an answer: a request that fits its route needs nothing of a framework but the endpoint itself.

FastAPI stays what declares, documents and refuses. For the routes of the API this module matches the path, validates the
query with the route's own model and calls the endpoint; whatever is not plain success (no match, a parameter that does not
fit, an error of any kind) is left to FastAPI, which answers it in the one way that errors are answered. A test holds the
two ways against each other.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.params import Depends, Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool

from app.errors import KnowledgeBaseError
from app.http.context import RequestContext, request_context
from app.http.redirects import Redirect

_MAX_SEGMENT: Final = 200


@dataclass(frozen=True)
class EndpointPlan:
    """What an endpoint takes, read from its signature once."""

    route: APIRoute
    call: Callable[..., Response]
    reader: str
    path_names: tuple[str, ...]
    query_name: str | None
    model: type[BaseModel] | None
    lists: frozenset[str]


def plan_endpoint(route: APIRoute) -> EndpointPlan | None:
    """The endpoint of a route whose parameters this module knows how to fill; None: leave it to FastAPI."""
    reader, query_name, model = "", None, None
    path_names = []
    for name, parameter in inspect.signature(route.endpoint).parameters.items():
        if get_origin(parameter.annotation) is not Annotated:
            return None
        kind, *marks = get_args(parameter.annotation)
        if kind is RequestContext and any(isinstance(mark, Depends) for mark in marks):
            reader = name
        elif any(isinstance(mark, Path) for mark in marks) and kind is str:
            path_names.append(name)
        elif any(isinstance(mark, Query) for mark in marks) and isinstance(kind, type) and issubclass(kind, BaseModel):
            query_name, model = name, kind
        else:
            return None
    if not reader or inspect.iscoroutinefunction(route.endpoint):
        return None
    fields = model.model_fields if model else {}
    lists = frozenset(name for name, info in fields.items() if get_origin(info.annotation) is list)
    return EndpointPlan(route, route.endpoint, reader, tuple(path_names), query_name, model, lists)


class FastPath:
    """Answers requests that fit; everything else is None."""

    def __init__(self, app: FastAPI, routes: Iterable[tuple[str, APIRoute]], *, in_thread: bool) -> None:
        self.app = app
        self.in_thread = in_thread
        self._tree: dict[str, Any] = {}
        for path, route in routes:
            # A segment that is a parameter and an ending (`{slug}.jsonld`) is not in this tree: FastAPI matches it.
            if "}." not in path and (endpoint := plan_endpoint(route)):
                here = self._tree
                for segment in path.strip("/").split("/"):
                    here = here.setdefault("{}" if segment.startswith("{") else segment, {})
                here.setdefault("", endpoint)

    async def handle(self, scope: Any) -> Response | None:  # noqa: ANN401 - an ASGI scope
        """The answer to a GET, or None."""
        if b"%" in scope["raw_path"]:
            return None
        found = self._match(scope["path"])
        if found is None:
            return None
        endpoint, values = found
        asked = parse_query(scope["query_string"], endpoint)
        if asked is None:
            return None
        arguments: dict[str, Any] = dict(zip(endpoint.path_names, values, strict=True)) | asked
        scope["app"], scope["route"] = self.app, endpoint.route
        if self.in_thread:
            return await run_in_threadpool(self._call, scope, endpoint, arguments)
        return self._call(scope, endpoint, arguments)

    def _call(self, scope: Any, endpoint: EndpointPlan, arguments: dict[str, Any]) -> Response | None:  # noqa: ANN401
        try:
            with request_context(Request(scope)) as read:
                return endpoint.call(**arguments, **{endpoint.reader: read})
        except (KnowledgeBaseError, Redirect):
            return None

    def _match(self, path: str) -> tuple[EndpointPlan, list[str]] | None:
        here, values = self._tree, []
        for segment in path[1:].split("/"):
            following = here.get(segment) if segment else None
            if following is None:
                following = here.get("{}")
                if following is None or not 0 < len(segment) <= _MAX_SEGMENT:
                    return None
                values.append(segment)
            here = following
        endpoint = here.get("")
        return None if endpoint is None else (endpoint, values)


def parse_query(query: bytes, endpoint: EndpointPlan) -> dict[str, Any] | None:
    """The argument that holds the query, validated by its model; None where the query does not fit."""
    if endpoint.model is None or endpoint.query_name is None:
        return None if query else {}
    parameters = _collect_params(query, endpoint)
    if parameters is None:
        return None
    try:
        return {endpoint.query_name: endpoint.model.model_validate(parameters)}
    except ValidationError:
        return None


def _collect_params(query: bytes, endpoint: EndpointPlan) -> dict[str, Any] | None:
    """Query parameters as the model takes them; None where one that takes one value has several."""
    if not query:
        return {}
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        if name in endpoint.lists:
            found.setdefault(name, []).append(value)
        elif name in found:
            return None
        else:
            found[name] = value
    return found
