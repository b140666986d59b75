"""Fast path: a request that fits its route is handled without FastAPI's routing and dependency injection.

FastAPI declares and documents the routes. For the routes of the API this module matches the path, validates the query with
the route's own model, calls the endpoint, and renders what it raises. It redirects paths with repeated slashes. Requests of
other routes, and paths with escapes, are left to FastAPI; a test compares the two ways.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, get_args, get_origin
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.params import Depends, Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from app.http.context import RequestContext, request_context
from app.http.problems import error_response, invalid_parameter, list_model_params, repeated_parameter
from app.http.redirects import redirect_to_path

_MAX_SEGMENT: Final = 200


@dataclass(frozen=True)
class EndpointPlan:
    """Arguments of an endpoint, read from its signature once."""

    route: APIRoute
    call: Callable[..., Response]
    context_name: str
    path_names: tuple[str, ...]
    query_name: str
    model: type[BaseModel]
    repeatable: frozenset[str]


def plan_endpoint(route: APIRoute) -> EndpointPlan | None:
    """Plan of a route whose parameters this module can fill; None: leave the route to FastAPI.

    A route with a response class of its own sends a file or a whole table: that takes long, and FastAPI calls it in a thread.
    """
    if not isinstance(route.response_class, DefaultPlaceholder):
        return None
    context_name, query_name, model = "", "", None
    path_names = []
    for name, parameter in inspect.signature(route.endpoint).parameters.items():
        if get_origin(parameter.annotation) is not Annotated:
            return None
        annotation, *metadata = get_args(parameter.annotation)
        if annotation is RequestContext and any(isinstance(entry, Depends) for entry in metadata):
            context_name = name
        elif any(isinstance(entry, Path) for entry in metadata) and annotation is str:
            path_names.append(name)
        elif any(isinstance(entry, Query) for entry in metadata) and _is_model(annotation):
            query_name, model = name, annotation
        else:
            return None
    if not context_name or model is None or inspect.iscoroutinefunction(route.endpoint):
        return None
    fields = model.model_fields.items()
    repeatable = frozenset(name for name, info in fields if get_origin(info.annotation) is list)
    return EndpointPlan(route, route.endpoint, context_name, tuple(path_names), query_name, model, repeatable)


def _is_model(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


class FastPath:
    """Handles the requests of planned routes; returns None for all others."""

    def __init__(self, app: FastAPI, routes: Iterable[tuple[str, APIRoute]], *, in_thread: bool) -> None:
        self.app = app
        self.in_thread = in_thread
        self._tree: dict[str, Any] = {}
        # Suffixes of segments such as `{slug}.jsonld`: FastAPI matches those.
        self._suffixes: tuple[str, ...] = ()
        for path, route in routes:
            if "}." in path:
                self._suffixes += (path[path.index("}.") + 1 :].split("/")[0],)
            elif plan := plan_endpoint(route):
                node = self._tree
                for segment in path.strip("/").split("/"):
                    node = node.setdefault("{}" if segment.startswith("{") else segment, {})
                node.setdefault("", plan)

    async def handle(self, scope: Scope) -> Response | None:
        """Response to a GET, or None: FastAPI handles it."""
        if "//" in scope["path"]:
            scope["app"] = self.app
            return redirect_to_path(Request(scope), scope["path"])
        if b"%" in scope["raw_path"]:
            return None
        match = self._match(scope["path"])
        if match is None:
            return None
        plan, segments = match
        scope["app"], scope["route"] = self.app, plan.route
        if self.in_thread:
            return await run_in_threadpool(self._call, scope, plan, segments)
        return self._call(scope, plan, segments)

    def _call(self, scope: Scope, plan: EndpointPlan, segments: list[str]) -> Response:
        request = Request(scope)
        try:
            arguments: dict[str, Any] = dict(zip(plan.path_names, segments, strict=True))
            arguments[plan.query_name] = parse_query(scope["query_string"], plan)
            with request_context(request) as context:
                return plan.call(**arguments, **{plan.context_name: context})
        except Exception as error:  # noqa: BLE001 - the boundary: every error becomes a response, by its class
            return error_response(request, error)

    def _match(self, path: str) -> tuple[EndpointPlan, list[str]] | None:
        node, segments = self._tree, []
        for segment in path[1:].split("/"):
            child = node.get(segment) if segment else None
            if child is None:
                child = node.get("{}")
                if child is None or not 0 < len(segment) <= _MAX_SEGMENT or segment.endswith(self._suffixes):
                    return None
                segments.append(segment)
            node = child
        plan = node.get("")
        return None if plan is None else (plan, segments)


def parse_query(query: bytes, plan: EndpointPlan) -> BaseModel:
    """The query, validated by the model of the endpoint. Raises InvalidParameter."""
    params: dict[str, Any] = {}
    repeated: dict[str, str] = {}
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if query else ():
        if name in plan.repeatable:
            params.setdefault(name, []).append(value)
        else:
            if name in params and name in plan.model.model_fields:
                repeated[name] = value
            params[name] = value
    if repeated:
        raise repeated_parameter(repeated)
    try:
        return plan.model.model_validate(params)
    except ValidationError as error:
        raise invalid_parameter(error.errors(), list_model_params(plan.model)) from None
