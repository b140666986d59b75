"""What the OpenAPI document says of answers: every status that can happen, with its media type."""

from typing import Any, Final

from app.schemas.problems import Problem

_PROBLEM: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
_WORDS: Final = {
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
ALWAYS: Final = (400, 410, 414, 422, 431, 503)
OF_A_RECORD: Final = (307, 308, 404)


def answers(*more: int) -> dict[int | str, dict[str, Any]]:
    """Documented answers of a path: those that every path can give, and more."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in sorted({*ALWAYS, *more}):
        if status in {307, 308}:
            location = {"description": "Path of the record by its slug.", "schema": {"type": "string"}}
            found[status] = {"description": _WORDS[status], "headers": {"Location": location}}
        else:
            found[status] = {"description": _WORDS[status], "content": {"application/problem+json": _PROBLEM}}
    found[304] = {"description": "Unchanged since the ETag in `If-None-Match`."}
    return found


__all__ = ["ALWAYS", "OF_A_RECORD", "Problem", "answers"]
