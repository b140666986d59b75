"""Examples of the OpenAPI document: what this service really answers, asked of itself when the document is made."""

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote, urlencode

import orjson

from app.db.read_engine import Snapshot
from app.domain.json import Json
from app.http.pagination import make_cursor
from app.queries.documents import find_claim_id, find_slug_by_size

# What a request is answered with: status, body, the revision it is of.
Ask = Callable[[str, list[tuple[bytes, bytes]]], Awaitable[tuple[int, bytes, str]]]
# A longer answer is not copied into the document. (`externalValue` would say where it stands, and breaks generators that
# look for a file of that name.)
MAX_INLINE: Final = 200_000
_KINDS: Final = {
    "procedures": "procedure",
    "conditions": "condition",
    "pain-generators": "pain_generator",
    "risks": "risk",
    "sources": "source",
    "guide": "guide_page",
}
_TEXTS: Final = {"q": "nerve"}
# How the answers that say no are come by; each on every content.
REFUSALS: Final[dict[str, tuple[str, list[tuple[bytes, bytes]]]]] = {
    "BadRequest": ("/v1/procedures?cursor=broken", []),
    "NotFound": ("/v1/procedures/epidurel", []),
    "Gone": ("/v1/procedures?release=0.0.0-none", []),
    "UriTooLong": (f"/v1/procedures?q={'a' * 8_000}", []),
    "NotAllowed": ("/v1/procedures?famly=ablation", []),
    "HeadersTooLarge": ("/v1/procedures", [(b"x-long", b"a" * 16_000)]),
    "Unavailable": (f"/v1/procedures?cursor={make_cursor('none', '999.0.0', 'none', 0)}", []),
}
_SAID: Final = {
    "UriTooLong": "GET /v1/procedures?q= and 8,000 letters",
    "HeadersTooLarge": "GET /v1/procedures with a header field of 16,000 bytes",
}


class Chosen:
    """Values of parameters that the current content answers, for every operation of the document."""

    def __init__(self, snapshot: Snapshot, version: str) -> None:
        self._snapshot = snapshot
        self._version = version

    def target(self, path: str, operation: Json) -> str | None:
        """An address of an operation that answers 200; None: the content has none. Puts the values into the document."""
        family = path.split("/")[2] if path.startswith("/v1/") else ""
        listed = any(one["name"] == "limit" for one in operation.get("parameters", []))
        query: list[tuple[str, str]] = []
        for one in operation.get("parameters", []):
            name = one["name"]
            if name == "limit":
                query.append(("limit", "1"))
            if not one.get("required"):
                continue
            values = self._values(family, name, smallest=not listed)
            if not values:
                return None
            one["example"] = values if one["schema"].get("type") == "array" else values[0]
            if one["in"] == "path":
                path = path.replace(f"{{{name}}}", quote(values[0]))
            else:
                query += [(name, value) for value in values]
        return f"{path}?{urlencode(query)}" if query else path

    def _values(self, family: str, name: str, *, smallest: bool) -> list[str]:
        if name == "version":
            return [self._version]
        if name == "id":
            return [found for found in [find_claim_id(self._snapshot)] if found]
        if name == "procedure":
            both = [find_slug_by_size(self._snapshot, "procedure", smallest=one) for one in (True, False)]
            return [found for found in both if found]
        if name == "slug":
            slug = find_slug_by_size(self._snapshot, _KINDS.get(family, ""), smallest=smallest)
            return [slug] if slug else []
        return [_TEXTS[name]] if name in _TEXTS else []


def targets_of(document: Json, chosen: Chosen) -> dict[str, str]:
    """An address for every path that the content can answer."""
    found = {path: chosen.target(path, item["get"]) for path, item in document["paths"].items() if "get" in item}
    return {path: target for path, target in found.items() if target}


async def add_examples(document: Json, targets: dict[str, str], ask: Ask) -> set[str]:
    """Put an answer beside every documented response that has a body; the revisions that the answers are of."""
    revisions = set()
    for path, target in targets.items():
        operation = document["paths"][path]["get"]
        for kind, media in operation["responses"]["200"].get("content", {}).items():
            status, body, revision = await ask(target, [])
            revisions.add(revision)
            if status == 200 and (example := _example(target, kind, body)):
                media["examples"] = {"answer": example}
    for name, response in document["components"]["responses"].items():
        for kind, media in response.get("content", {}).items():
            target, headers = REFUSALS[name]
            _, body, _ = await ask(target, headers)
            media["examples"] = {"answer": {**(_example(target, kind, body) or {}), "summary": _said(name, target)}}
    return revisions - {""}


def _said(name: str, target: str) -> str:
    return _SAID.get(name, f"GET {target}")


def _example(target: str, kind: str, body: bytes) -> Json | None:
    # What is streamed as a file has no body here, and would be too long.
    if not 0 < len(body) <= MAX_INLINE:
        return None
    summary = f"GET {target}"
    if kind.endswith("json"):
        return {"summary": summary, "value": orjson.loads(body)}
    return {"summary": summary, "value": body.decode()} if kind.startswith("text/") else None
