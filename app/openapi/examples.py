"""Examples of the OpenAPI document: real responses of this service, requested when the document is built."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from app.db.read_engine import ReadTransaction
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPE_BY_PATH
from app.http.pagination import encode_cursor
from app.queries.claims import find_first_claim_id
from app.queries.documents import find_slug_by_size

# Request to this service: target and header fields in; status, body and release revision out.
Fetch = Callable[[str, list[tuple[bytes, bytes]]], Awaitable[tuple[int, bytes, str]]]
# A longer response has no example. (`externalValue` would link to it, but breaks generators that look for a file of that
# name.)
MAX_RESPONSE_BYTES: Final = 200_000
# A longer example is shortened: lists end after their first entries, texts after their first characters, tables after their
# first rows.
LONG_EXAMPLE_BYTES: Final = 1_000
_FIRST_ENTRIES: Final = 1
_FIRST_ROWS: Final = 2
_FIRST_CHARACTERS: Final = 40
_TEXT_VALUES: Final = {"q": "nerve", "code": "icd-10-cm|M54.16", "mainSearchCriteria.v.c": "M54.16"}
# Optional parameters without which there is no response to show; and the one that selects a media type.
_NEEDED_PARAMETERS: Final = frozenset({"mainSearchCriteria.v.c"})
_MEDIA_TYPE_PARAMETER: Final = "knowledgeResponseType"
# Requests that get each error response, whatever the content.
ERROR_EXAMPLES: Final[dict[str, tuple[str, list[tuple[bytes, bytes]]]]] = {
    "BadRequest": ("/v1/procedures?cursor=broken", []),
    "NotFound": ("/v1/procedures/epidurel", []),
    "Gone": ("/v1/procedures?release=0.0.0-none", []),
    "UriTooLong": (f"/v1/procedures?q={'a' * 8_000}", []),
    "UnprocessableContent": ("/v1/procedures?famly=ablation", []),
    "HeadersTooLarge": ("/v1/procedures", [(b"x-long", b"a" * 16_000)]),
    "Unavailable": (f"/v1/procedures?cursor={encode_cursor('none', '999.0.0', 'none', 0)}", []),
}
_SUMMARIES: Final = {
    "UriTooLong": "GET /v1/procedures?q= and 8,000 letters",
    "HeadersTooLarge": "GET /v1/procedures with a header field of 16,000 bytes",
}


class ExampleParameters:
    """Parameter values that the current content has a response for."""

    def __init__(self, transaction: ReadTransaction, version: str) -> None:
        self._transaction = transaction
        self._version = version

    def build_url(self, path: str, operation: Json) -> str | None:
        """URL for which the operation responds 200, or None if the content has none. Adds the values to the document."""
        family = path.split("/")[2] if path.startswith("/v1/") else ""
        listed = any(parameter["name"] == "limit" for parameter in operation.get("parameters", []))
        query: list[tuple[str, str]] = []
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if name == "limit":
                query.append(("limit", "1"))
            if not parameter.get("required") and name not in _NEEDED_PARAMETERS:
                continue
            values = self._find_values(family, name, smallest=not listed)
            if not values:
                return None
            parameter["example"] = values if parameter["schema"].get("type") == "array" else values[0]
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", quote(values[0]))
            else:
                query += [(name, value) for value in values]
        return f"{path}?{urlencode(query)}" if query else path

    def _find_values(self, family: str, name: str, *, smallest: bool) -> list[str]:
        if name == "version":
            return [self._version]
        if name == "id":
            claim_id = find_first_claim_id(self._transaction)
            return [claim_id] if claim_id else []
        if name == "procedure":
            slugs = [find_slug_by_size(self._transaction, "procedure", smallest=smallest) for smallest in (True, False)]
            return [slug for slug in slugs if slug]
        if name == "slug":
            slug = find_slug_by_size(self._transaction, RECORD_TYPE_BY_PATH.get(family, ""), smallest=smallest)
            return [slug] if slug else []
        return [_TEXT_VALUES[name]] if name in _TEXT_VALUES else []


def build_example_urls(document: Json, parameters: ExampleParameters) -> dict[str, str]:
    """URL for every path that the content has a response for, by path."""
    urls = {path: parameters.build_url(path, item["get"]) for path, item in document["paths"].items() if "get" in item}
    return {path: url for path, url in urls.items() if url}


async def add_examples(document: Json, urls: dict[str, str], fetch: Fetch) -> set[str]:
    """Add an example to every documented response that has a body. Returns the release revisions of the examples."""
    revisions = set()
    for path, url in urls.items():
        # Exports are files: too long for an example, and not written yet.
        if path.startswith("/v1/export/"):
            continue
        operation = document["paths"][path]["get"]
        for media_type, media in operation["responses"]["200"].get("content", {}).items():
            selects = any(parameter["name"] == _MEDIA_TYPE_PARAMETER for parameter in operation.get("parameters", []))
            media_url = f"{url}&{_MEDIA_TYPE_PARAMETER}={media_type}" if selects else url
            status, body, revision = await fetch(media_url, [])
            revisions.add(revision)
            if status == 200 and (example := _build_example(media_url, media_type, body)):
                media["examples"] = {"response": example}
    for name, response in document["components"]["responses"].items():
        for media_type, media in response.get("content", {}).items():
            url, headers = ERROR_EXAMPLES[name]
            _, body, _ = await fetch(url, headers)
            example = _build_example(url, media_type, body) or {}
            media["examples"] = {"response": {**example, "summary": _SUMMARIES.get(name, f"GET {url}")}}
    return revisions - {""}


def _build_example(url: str, media_type: str, body: bytes) -> Json | None:
    # A streamed file has no body here, and would be too long.
    if not 0 < len(body) <= MAX_RESPONSE_BYTES:
        return None
    if media_type.endswith("json"):
        value = orjson.loads(body)
    elif media_type.startswith("text/"):
        value = body.decode()
    else:
        return None
    example = {"summary": f"GET {url}", "value": value}
    if len(body) > LONG_EXAMPLE_BYTES:
        example |= {"description": "Shortened: only the start of each list and long text.", "value": shorten(value)}
    return example


def shorten(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Keep the first entries of each list in an example, the start of each long text, and the first rows of a CSV table."""
    if isinstance(value, dict):
        return {key: shorten(child) for key, child in value.items()}
    if isinstance(value, list):
        return [shorten(child) for child in value[:_FIRST_ENTRIES]]
    if isinstance(value, str) and "\r\n" in value:
        # Each row ends with CRLF; a line break in a cell is LF alone.
        return "\r\n".join([*value.split("\r\n")[: 1 + _FIRST_ROWS], ""])
    if isinstance(value, str) and len(value) > _FIRST_CHARACTERS:
        return f"{value[:_FIRST_CHARACTERS]}…"
    return value
