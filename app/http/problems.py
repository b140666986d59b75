"""Problems (RFC 9457), rendered in one place."""

import logging
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.db.errors import DatabaseUnavailable, first_line
from app.domain.patterns import validation_message
from app.domain.values import OpenEnum
from app.errors import (
    BadRequest,
    FieldError,
    InternalError,
    InvalidParameter,
    KnowledgeBaseError,
    MethodNotAllowed,
    NotFound,
    Unavailable,
)
from app.http.operation_outcome import MEDIA_TYPE as FHIR_TYPE
from app.http.operation_outcome import render_operation_outcome, is_fhir_path
from app.monitoring.logs import request_id
from app.text.nearest import find_nearest

MEDIA_TYPE: Final = b"application/problem+json"
_log = logging.getLogger("procedure_kb.http")


def problem_parts(error: KnowledgeBaseError, path: str, link_base: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of a problem; under /fhir, of an OperationOutcome."""
    body = {
        "type": f"{link_base}/problems/{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": path,
        "code": error.code,
        "errors": [{"parameter": one.parameter, "value": one.value, "message": one.message} for one in error.errors],
        "suggestions": list(error.suggestions),
        "replaced_by": list(error.replaced_by),
    }
    in_fhir = is_fhir_path(path)
    headers = [(b"content-type", FHIR_TYPE if in_fhir else MEDIA_TYPE), (b"content-language", b"en")]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if error.status >= 500 and (given := request_id.get()):
        # What to name when asking about it: the log has the same id.
        headers.append((b"kb-request-id", given.encode()))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow.encode()))
    return error.status, headers, render_operation_outcome(error, link_base) if in_fhir else orjson.dumps(body)


def problem_response(request: Request, error: KnowledgeBaseError) -> Response:
    """A problem as a response of the application."""
    status, headers, body = problem_parts(error, request.url.path, request.app.state.settings.link_base)
    shown = {name.decode(): value.decode() for name, value in headers}
    release = getattr(request.state, "kb_release", None)
    if release:
        shown["KB-Release"] = release
    shown["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
    return Response(body, status, headers=shown)


def add_problem_handlers(app: FastAPI) -> None:
    """Every error of this application is rendered by this module."""

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, KnowledgeBaseError)  # noqa: S101 - registered for this class
        return problem_response(request, error)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
        return problem_response(request, invalid_parameter(request, error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
        if error.status_code == 404:
            return _handle_unknown_path(request)
        if error.status_code == 405:
            return problem_response(request, MethodNotAllowed(f"{request.method} is not answered here."))
        return problem_response(request, BadRequest(str(error.detail)))

    async def away(request: Request, error: Exception) -> Response:
        _log.warning("database unreachable: %s", first_line(error))
        request.app.state.answers.lose()
        return problem_response(request, Unavailable("The database did not answer in time.", retry_after=2))

    async def defect(request: Request, error: Exception) -> Response:
        _log.error("defect while answering %s", request.url.path, exc_info=error)
        return problem_response(request, InternalError("The fault has been logged."))

    app.add_exception_handler(KnowledgeBaseError, known)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(DatabaseUnavailable, away)
    app.add_exception_handler(Exception, defect)


# Addresses that programs read: what is missing there is said as a problem, elsewhere as a page.
MACHINE_PREFIXES: Final = (
    "/v1",
    "/static",
    "/health",
    "/metrics",
    "/openapi",
    "/oembed",
    "/embed",
    "/fhir",
    "/mcp",
    "/v2",
)


def _handle_unknown_path(request: Request) -> Response:
    error = _unknown_path(request)
    path = request.url.path
    page = getattr(request.app.state, "missing_page", None)
    if page is None or path.startswith(MACHINE_PREFIXES) or "." in path.rpartition("/")[2]:
        return problem_response(request, error)
    try:
        shown: Response = page(request, error)
    except KnowledgeBaseError:
        return problem_response(request, error)
    return shown


def _unknown_path(request: Request) -> NotFound:
    path = request.url.path
    near = find_nearest(path, request.app.state.known_paths, limit=3)
    if path != "/" and path.endswith("/"):
        near = list(dict.fromkeys([path.rstrip("/"), *near]))[:3]
    return NotFound(f"Nothing is served at {path[:200]}.", suggestions=tuple(near))


def invalid_parameter(request: Request, error: RequestValidationError) -> InvalidParameter:
    """What is wrong with the parameters of a request, each with what would be right."""
    fields = list_query_params(request)
    problems, suggestions = [], []
    for one in error.errors():
        # A parameter that may be left out is none or has a form: only the form can be sent.
        if one["type"] == "none_required":
            continue
        name = str(one["loc"][1]) if len(one["loc"]) > 1 else str(one["loc"][0])
        value = one.get("input")
        message = validation_message(one)
        if one["type"] == "extra_forbidden":
            near = find_nearest(name, fields, limit=3)
            message = "unknown parameter" + (
                f"; the nearest known is {near[0]!r}" if near else f"; known are {', '.join(fields)}"
            )
            suggestions += near
        else:
            allowed = _allowed_values(fields.get(name))
            near = find_nearest(str(value), allowed, limit=3) if allowed and value is not None else []
            suggestions += near
            if near:
                message += f"; the nearest is {near[0]!r}"
        problems.append(FieldError(name, None if value is None else str(value)[:200], message))
    detail = "; ".join(f"{one.parameter}: {one.message}" for one in problems)
    return InvalidParameter(detail[:2000], errors=tuple(problems), suggestions=tuple(dict.fromkeys(suggestions)))


def list_query_params(request: Request) -> dict[str, Any]:
    """Query parameters of the matched route: name -> the field's metadata."""
    route = request.scope.get("route")
    found: dict[str, Any] = {}
    for field in getattr(getattr(route, "dependant", None), "query_params", []):
        model = field.field_info.annotation
        for name, info in getattr(model, "model_fields", {}).items():
            found[info.alias or name] = info
    return found


def _allowed_values(info: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydantic's field info, or None
    if info is None:
        return ()
    todo: list[Any] = [info.annotation, *info.metadata]
    seen: list[str] = []
    while todo:
        part = todo.pop()
        if isinstance(part, OpenEnum):
            seen.extend(part.values)
        todo.extend(getattr(part, "__metadata__", ()))
        todo.extend(getattr(part, "__args__", ()))
    return tuple(seen)
