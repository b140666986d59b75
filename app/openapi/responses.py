"""What the OpenAPI document says of answers: every status that can happen, with its media type, each written once."""

from typing import Final

from app.domain.json import Json

_NAMES: Final = {
    304: "NotModified",
    307: "KnownName",
    308: "FormerSlug",
    400: "BadRequest",
    404: "NotFound",
    410: "Gone",
    414: "UriTooLong",
    422: "NotAllowed",
    431: "HeadersTooLarge",
    503: "Unavailable",
}
_WORDS: Final = {
    304: "Unchanged since the ETag in `If-None-Match`.",
    307: "Another known name: the slug stands in `Location`.",
    308: "A former slug: the slug stands in `Location`.",
    400: "The request cannot be parsed.",
    404: "No such record, or a name that several share; with suggestions.",
    410: "A cursor or `release=` of another release, or a withdrawn record.",
    414: "The address is too long.",
    422: "Parsed and not allowed; `errors` names each parameter.",
    431: "The header fields are too large.",
    503: "The database cannot be reached, or too much at once: wait for `Retry-After`.",
}
# What is refused before a route is looked for, so that every path can answer it.
AT_THE_DOOR: Final = (400, 414, 431, 503)
ALWAYS: Final = (304, 400, 410, 414, 422, 431, 503)
OF_A_RECORD: Final = (307, 308, 404)
_SHARED: Final = "#/components/responses/"

HEADERS: Final[Json] = {
    "KB-Release": {"description": "Version of the release this answer is of.", "schema": {"type": "string"}},
    "ETag": {"description": "Strong validator of these bytes.", "schema": {"type": "string"}},
    "Link": {
        "description": "RFC 8288: the next page of a list (`next`), other forms of this answer (`alternate`).",
        "schema": {"type": "string"},
    },
    "Deprecation": {"description": "RFC 9745: since when this operation is deprecated.", "schema": {"type": "string"}},
    "Sunset": {"description": "RFC 8594: when this operation is to be gone.", "schema": {"type": "string"}},
    "Location": {"description": "Path of the record by its slug, the query kept.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
}


def answers(*more: int) -> dict[int | str, Json]:
    """Documented answers of a path: those that every path under /v1 can give, and more."""
    return {status: response_of(status) for status in sorted({*ALWAYS, *more})}


def at_the_door(*more: int) -> dict[int | str, Json]:
    """Documented answers of a path outside /v1, which takes no parameter and no release."""
    return {status: response_of(status) for status in sorted({*AT_THE_DOOR, *more})}


def response_of(status: int) -> Json:
    """What the document says of one status."""
    found: Json = {"description": _WORDS[status]}
    if status in {307, 308}:
        found["headers"] = _headers("Location", "KB-Release")
    elif status == 304:
        found["headers"] = _headers("ETag", "KB-Release")
    else:
        if status == 503:
            found["headers"] = _headers("Retry-After")
        found["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return found


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def shared_responses() -> dict[str, Json]:
    """The answers that paths share, by the name that they refer to."""
    return {name: response_of(status) for status, name in _NAMES.items()}


def share(responses: Json) -> None:
    """Put references where a path says of a status what every other path says of it."""
    for status in list(responses):
        if status.isdigit() and int(status) in _NAMES and responses[status] == response_of(int(status)):
            responses[status] = {"$ref": _SHARED + _NAMES[int(status)]}


def headers_of_success(*, listed: bool, deprecated: bool) -> Json:
    """Headers that a 200 of a release carries."""
    names = ["KB-Release", "ETag"]
    names += ["Link"] if listed else []
    names += ["Deprecation", "Sunset"] if deprecated else []
    return _headers(*names)
