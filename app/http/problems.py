"""Problems (RFC 9457): every error of the service is rendered here."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.db.errors import DatabaseBusy, DatabaseUnavailable, first_line
from app.domain.patterns import validation_message
from app.domain.values import OpenEnum
from app.errors import (
    MAX_FIELD_ERRORS,
    BadRequest,
    FieldError,
    InternalError,
    InvalidParameter,
    KnowledgeBaseError,
    MethodNotAllowed,
    NotFound,
    Overloaded,
    RangeNotSatisfiable,
    Unavailable,
)
from app.http.context import request_context
from app.http.operation_outcome import MEDIA_TYPE as FHIR_TYPE
from app.http.operation_outcome import is_fhir_path, render_operation_outcome
from app.http.redirects import Redirect, quote_path, redirect_response, redirect_to_path
from app.http.services import get_services
from app.http.slug_resolution import find_path_of_slashed_name
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
        "instance": quote_path(path),
        "code": error.code,
        "errors": [
            {"parameter": field.parameter, "value": field.value, "message": field.message} for field in error.errors
        ],
        "suggestions": list(error.suggestions),
        "replaced_by": list(error.replaced_by),
    }
    in_fhir = is_fhir_path(path)
    headers = [(b"content-type", FHIR_TYPE if in_fhir else MEDIA_TYPE), (b"content-language", b"en")]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    if error.status >= 500 and (current_id := request_id.get()):
        # Callers quote this id when they ask about an error: the log has the same.
        headers.append((b"kb-request-id", current_id.encode()))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allow.encode()))
    if isinstance(error, RangeNotSatisfiable):
        headers.append((b"content-range", f"bytes */{error.complete_length}".encode()))
    # FHIR has 400 for every invalid parameter.
    status = 400 if in_fhir and isinstance(error, InvalidParameter) else error.status
    return status, headers, render_operation_outcome(error, link_base) if in_fhir else orjson.dumps(body)


def problem_response(request: Request, error: KnowledgeBaseError) -> Response:
    """A problem as a response of the application."""
    status, headers, body = problem_parts(error, request.url.path, get_services(request).settings.link_base)
    fields = {name.decode(): value.decode() for name, value in headers}
    if release := request.scope.get("state", {}).get("kb_release"):
        fields["KB-Release"] = release
    fields["Cache-Control"] = "no-store" if status >= 500 else "no-cache"
    return Response(body, status, headers=fields)


def error_response(request: Request, error: Exception) -> Response:
    """Response to a request that raised: a redirect, a problem, or a page for an unknown path outside of the API."""
    if isinstance(error, Redirect):
        return redirect_response(request, error)
    if isinstance(error, HTTPException) and error.status_code == 404:
        try:
            return _unknown_path_response(request)
        except (DatabaseBusy, DatabaseUnavailable) as failure:
            error = failure
    return problem_response(request, _to_problem(request, error))


def _to_problem(request: Request, error: Exception) -> KnowledgeBaseError:
    match error:
        case KnowledgeBaseError():
            return error
        case RequestValidationError():
            return invalid_parameter(error.errors(), list_query_params(request))
        case HTTPException(status_code=405):
            return MethodNotAllowed(f"Method {request.method} is not allowed.")
        case HTTPException():
            return BadRequest(str(error.detail))
        case DatabaseBusy() | DatabaseUnavailable():
            return _to_database_problem(request, error)
    _log.error("unhandled exception for %s", request.url.path, exc_info=error)
    return InternalError("The error has been logged.")


def _to_database_problem(request: Request, error: DatabaseBusy | DatabaseUnavailable) -> KnowledgeBaseError:
    if isinstance(error, DatabaseBusy):
        _log.warning("database busy: %s", first_line(error))
        return Overloaded("The database is busy.", retry_after=2)
    _log.warning("database unreachable: %s", first_line(error))
    get_services(request).gateway.mark_database_unreachable()
    return Unavailable("The database did not answer in time.", retry_after=2)


def add_error_handlers(app: FastAPI) -> None:
    """Have FastAPI render every error by `error_response`."""

    async def handle(request: Request, error: Exception) -> Response:
        return error_response(request, error)

    for error_class in (
        Redirect,
        KnowledgeBaseError,
        RequestValidationError,
        HTTPException,
        DatabaseBusy,
        DatabaseUnavailable,
        Exception,
    ):
        app.add_exception_handler(error_class, handle)


# Paths that programs read: what is missing there is a problem, elsewhere a page.
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


def _unknown_path_response(request: Request) -> Response:
    path = request.scope["path"]
    services = get_services(request)
    if path.endswith("/") and services.serves(path.rstrip("/")):
        return redirect_to_path(request, path.rstrip("/"))
    near = find_nearest(path, services.known_paths, limit=3)
    error: KnowledgeBaseError = NotFound(f"No such path: {path[:200]}.", suggestions=tuple(near))
    if path.count("/") > 2 and not is_fhir_path(path):
        try:
            with request_context(request) as ctx:
                if resolved := find_path_of_slashed_name(ctx, path, services.serves):
                    return redirect_to_path(request, resolved, permanent=False)
        except KnowledgeBaseError as failure:
            error = failure
    render_page = services.render_missing_page
    if render_page is None or path.startswith(MACHINE_PREFIXES) or "." in path.rpartition("/")[2]:
        return problem_response(request, error)
    try:
        return render_page(request, error)
    except KnowledgeBaseError:
        return problem_response(request, error)


def invalid_parameter(failures: Iterable[Mapping[str, Any]], fields: Mapping[str, Any]) -> InvalidParameter:
    """What is wrong with the parameters of a request, each with what was probably meant.

    `failures` are validation errors of pydantic or FastAPI, `fields` the known parameters with their metadata.
    """
    # None cannot be sent in a query: that half of the errors of a union is left out.
    relevant = [failure for failure in failures if failure["type"] != "none_required"]
    errors, suggestions = [], []
    # What is not listed is not compared with every known name either.
    for failure in relevant[:MAX_FIELD_ERRORS]:
        location = [part for part in failure["loc"] if part not in {"query", "path"}] or ["query"]
        name, sent = str(location[0])[:200], _find_sent_text(failure)
        message = validation_message(failure)
        if failure["type"] == "extra_forbidden":
            near = _suggest_parameters(name, fields)
            message = "unknown parameter; " + (f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields)}")
        elif sent is not None and (allowed := _allowed_values(fields.get(name))):
            parts = [part.strip() for part in sent.split(",")]
            if len(parts) > 1 and len(location) > 1:
                near = [value for part in parts for value in find_nearest(part, allowed, limit=1)]
                query = "&".join(f"{name}={value}" for value in dict.fromkeys(near or parts[:2]))
                message += f"; repeat the parameter for several values: {query}"
            else:
                near = find_nearest(sent, allowed, limit=3)
                message += f"; did you mean {near[0]!r}?" if near else ""
        else:
            near = []
        suggestions += near
        errors.append(FieldError(name, sent, message))
    omitted = len(relevant) - len(errors)
    return InvalidParameter.from_errors(errors, omitted=omitted, suggestions=tuple(dict.fromkeys(suggestions)))


# Names that other APIs use for a parameter.
_CONVENTIONAL_NAMES: Final = {
    "cursor": ("page", "offset", "after", "start", "skip", "page_token", "next"),
    "limit": ("per_page", "page_size", "size", "count", "top", "first", "max"),
    "q": ("search", "query", "text", "term", "keyword"),
    "sort": ("sort_by", "order", "order_by", "ordering", "orderby"),
    "facet": ("facets", "aggregate", "group_by"),
}
_PARAMETER_BY_CONVENTIONAL_NAME: Final = {
    synonym: name for name, synonyms in _CONVENTIONAL_NAMES.items() for synonym in synonyms
}


def _suggest_parameters(name: str, fields: Mapping[str, Any]) -> list[str]:
    """Known parameters that an unknown name may stand for, the likeliest first."""
    conventional = _PARAMETER_BY_CONVENTIONAL_NAME.get(name.lower().replace("-", "_"))
    near = find_nearest(name, fields, limit=3)
    return near if conventional is None or conventional not in fields else list(dict.fromkeys([conventional, *near]))


def _find_sent_text(failure: Mapping[str, Any]) -> str | None:
    """Text that the caller sent for the parameter of a validation error; None if it sent none."""
    sent = failure.get("input")
    if isinstance(sent, list):
        # Too many values: the first one that is too much. Too few: the last one.
        sent = sent[min(failure.get("ctx", {}).get("max_length", len(sent)), len(sent) - 1)] if sent else None
    return sent[:200] if isinstance(sent, str) else None


def repeated_parameter(last_values: dict[str, str]) -> InvalidParameter:
    """Error for scalar parameters that were sent more than once: either of their values could be the intended one."""
    return InvalidParameter.from_errors(
        [FieldError(name, value[:200], "may be given only once") for name, value in sorted(last_values.items())]
    )


def list_query_params(request: Request) -> dict[str, Any]:
    """Query parameters of the matched route: name -> the field's metadata."""
    route = request.scope.get("route")
    params: dict[str, Any] = {}
    for field in getattr(getattr(route, "dependant", None), "query_params", []):
        params |= list_model_params(field.field_info.annotation)
    return params


def list_model_params(model: Any) -> dict[str, Any]:  # noqa: ANN401 - any annotation; only models have fields
    """Query parameters that a model declares: name -> the field's metadata."""
    return {info.alias or name: info for name, info in getattr(model, "model_fields", {}).items()}


def _allowed_values(info: Any) -> tuple[str, ...]:  # noqa: ANN401 - pydantic's field info, or None
    if info is None:
        return ()
    annotations: list[Any] = [info.annotation, *info.metadata]
    allowed: list[str] = []
    while annotations:
        annotation = annotations.pop()
        if isinstance(annotation, OpenEnum):
            allowed.extend(annotation.values)
        annotations.extend(getattr(annotation, "__metadata__", ()))
        annotations.extend(getattr(annotation, "__args__", ()))
    return tuple(allowed)
