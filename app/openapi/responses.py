"""OpenAPI responses: every status that can occur, with its media type, declared once."""

from typing import Final

from fastapi import Response

from app.domain.json import Json

_COMPONENT_NAMES: Final = {
    304: "NotModified",
    307: "TemporaryRedirect",
    308: "PermanentRedirect",
    400: "BadRequest",
    404: "NotFound",
    410: "Gone",
    414: "UriTooLong",
    422: "UnprocessableContent",
    431: "HeadersTooLarge",
    503: "Unavailable",
}
_DESCRIPTIONS: Final = {
    304: "Unchanged since the ETag in `If-None-Match`.",
    307: "Another known name of the record; `Location` has the slug.",
    308: "A former slug, or a path with extra slashes; `Location` has the current path.",
    400: "The request is malformed.",
    404: "No such record, or an ambiguous name; `suggestions` lists candidates.",
    406: "The format or FHIR version that the request asks for is not served.",
    410: "The cursor or `release` belongs to another release, or the record was withdrawn.",
    414: "The URL is too long.",
    422: "Invalid parameters; `errors` names each of them.",
    431: "The header fields are too large.",
    503: "Not now: the database is unreachable or behind, too many requests are running, or the release is being prepared;"
    " retry after `Retry-After` seconds.",
}
# Checked before routing, so every path can respond with these.
PRE_ROUTING_STATUSES: Final = (308, 400, 414, 431, 503)
COMMON_STATUSES: Final = (304, 308, 400, 410, 414, 422, 431, 503)
RECORD_STATUSES: Final = (307, 404)
_RESPONSES_REF: Final = "#/components/responses/"

HEADERS: Final[Json] = {
    "KB-Release": {
        "description": "Version of the release that the response is based on.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "Strong validator of the response body.", "schema": {"type": "string"}},
    "Link": {
        "description": "RFC 8288: the next page of a list (`next`), other representations (`alternate`).",
        "schema": {"type": "string"},
    },
    "Deprecation": {
        "description": "RFC 9745: date since which this operation is deprecated.",
        "schema": {"type": "string"},
    },
    "Sunset": {"description": "RFC 8594: date on which this operation will be removed.", "schema": {"type": "string"}},
    "Location": {"description": "Current path; the query is kept.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait before retrying.", "schema": {"type": "integer", "minimum": 0}},
}


class UndocumentedMediaType(Response):
    """Response class without a media type, for routes that document their own."""

    media_type = None


def error_responses(*more: int) -> dict[int | str, Json]:
    """Responses of a path under /v1: those of every such path, and `more` statuses."""
    return {status: response_for(status) for status in sorted({*COMMON_STATUSES, *more})}


def limit_responses(*more: int) -> dict[int | str, Json]:
    """Responses of a path outside /v1, which takes no parameters: the pre-routing errors, and `more` statuses."""
    return {status: response_for(status) for status in sorted({*PRE_ROUTING_STATUSES, *more})}


def response_for(status: int) -> Json:
    """OpenAPI response object of a status."""
    response: Json = {"description": _DESCRIPTIONS[status]}
    if status in {307, 308}:
        response["headers"] = _headers("Location", "KB-Release")
    elif status == 304:
        response["headers"] = _headers("ETag", "KB-Release")
    else:
        if status == 503:
            response["headers"] = _headers("Retry-After")
        response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return response


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


# Responses of a path beside those of its router.
NOT_FOUND_RESPONSE: Final[dict[int | str, Json]] = {404: response_for(404)}
RECORD_RESPONSES: Final[dict[int | str, Json]] = {status: response_for(status) for status in RECORD_STATUSES}


def shared_responses() -> dict[str, Json]:
    """Response components, by name."""
    return {name: response_for(status) for status, name in _COMPONENT_NAMES.items()}


def use_refs(responses: Json) -> None:
    """Replace responses that equal a shared component by a reference to it."""
    for status in list(responses):
        if status.isdigit() and int(status) in _COMPONENT_NAMES and responses[status] == response_for(int(status)):
            responses[status] = {"$ref": _RESPONSES_REF + _COMPONENT_NAMES[int(status)]}


def success_headers(*, listed: bool, deprecated: bool) -> Json:
    """Headers of a 200 response."""
    names = ["KB-Release", "ETag"]
    names += ["Link"] if listed else []
    names += ["Deprecation", "Sunset"] if deprecated else []
    return _headers(*names)
