"""The five tools of /mcp: the queries of /v1, answered in one snapshot, each with its sources, its release and the notice."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.api.deps import non_empty, parse_min_relief
from app.api.mcp import arguments as asked
from app.api.mcp.serialization import NOTICE, CitedSources, list_typical_relief_labels, serialize_record
from app.domain import vocabulary
from app.domain.json import Json
from app.errors import FieldError, InvalidParameter, NotFound
from app.formats.comparison import build_comparison as side_by_side
from app.http.context import RequestContext
from app.http.pagination import decode_cursor, encode_cursor
from app.http.search import explain_hit, find_notices, get_index, suggest_names
from app.http.slug_resolution import TYPE_LABELS, build_ref, explain_missing, names_by_slug, suggest_records
from app.queries.claims import ClaimFilters, list_claims
from app.queries.documents import find_claim, find_document, get_current_release_json, list_documents
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import list_rows
from app.queries.name_lookup import find_withdrawn, resolve_name
from app.queries.releases import list_versions
from app.schemas import mcp as told
from app.search.ranking import search
from app.text.nearest import find_nearest
from app.text.normalize import normalize

RECORD_TYPES: Final = ("procedure", "condition", "pain_generator", "risk", "source")
TARGET_FOLDERS: Final = {"pain_generator": "pain-generators", "condition": "conditions"}
MAX_SOURCES: Final = 5
_CLAIM_FIELD: Final = re.compile(r"^/claims/([^/]+)")


def _build_output(read: RequestContext, sources: CitedSources, answer: Json) -> Json:
    """What every answer says besides."""

    def notice() -> str:
        current = orjson.loads(get_current_release_json(read.connection))
        return str(current.get("notice", {}).get("text", ""))

    release = read.release
    words = read.cached(("notice",), notice)
    return {
        "release": {"version": release.version, "date": release.date},
        "notice": words if NOTICE.rstrip(".").lower() in words.lower() else f"{NOTICE} {words}".strip(),
        "sources": list(sources.by_slug.values()),
        **answer,
    }


def _signature(name: str, given: asked.ToolArguments) -> str:
    what = [name, given.model_dump(exclude={"cursor", "limit"})]
    return hashlib.blake2b(orjson.dumps(what), digest_size=6).hexdigest()


def _decode_cursor(read: RequestContext, name: str, given: Any) -> int | None:  # noqa: ANN401 - arguments with a cursor
    if not given.cursor:
        return None
    return decode_cursor(given.cursor, read.release.revision, read.release.version, _signature(name, given))


def _encode_cursor(read: RequestContext, name: str, given: Any, position: int) -> str:  # noqa: ANN401 - arguments with a cursor
    return encode_cursor(read.release.revision, read.release.version, _signature(name, given), position)


def resolve_record(read: RequestContext, parameter: str, kinds: Sequence[str], name: str) -> tuple[str, str]:
    """Type and slug of the one record that a slug or name means. InvalidParameter or NotFound with the nearest known."""
    found = [(kind, name) for kind in kinds if name in names_by_slug(read, kind)]
    if not found:
        found = [(kind, slug) for kind in kinds for slug in resolve_name(read.connection, kind, name).slugs]
    if len(found) == 1:
        return found[0]
    if found:
        refs = tuple(build_ref(read, kind, slug) for kind, slug in found)
        message = "several records are called so: " + ", ".join(f"{one['type']} {one['slug']}" for one in refs)
        raise InvalidParameter(message, errors=(FieldError(parameter, name, message),), suggestions=refs)
    for kind in kinds:
        if find_withdrawn(read.connection, kind, name):
            raise explain_missing(read, kind, name)
    near = [one for kind in kinds for one in suggest_records(read, kind, name, most=3)]
    words = " or ".join(TYPE_LABELS.get(kind, kind) for kind in kinds)
    best = find_nearest(name, [one["slug"] for one in near] + [one["name"] for one in near], limit=10)
    near.sort(
        key=lambda one: min((best.index(text) for text in (one["slug"], one["name"]) if text in best), default=99)
    )
    raise NotFound(f"No {words} is called {name!r}.", suggestions=tuple(near[:5]))


def find_records(read: RequestContext, given: asked.FindArguments) -> Json:
    """Records that a query finds, red flags first."""
    text, sources = given.query, CitedSources()
    if not normalize(text):
        message = "nothing to look for: write at least one letter or digit"
        raise InvalidParameter(f"query: {message}", errors=(FieldError("query", text, message),))
    begin = _decode_cursor(read, "find", given) or 0
    _, hits = search(get_index(read), text, tuple(given.types))
    shown = hits[begin : begin + given.limit]
    bodies: dict[tuple[str, str], Json] = {}
    for kind in dict.fromkeys(hit.record.type for hit in shown):
        slugs = [hit.record.slug for hit in shown if hit.record.type == kind]
        for slug, body in list_documents(read.connection, kind, slugs).items():
            bodies[kind, slug] = orjson.loads(body)
    items = []
    for hit in shown:
        entry = hit.record
        whole = bodies[entry.type, entry.slug]
        behind = [whole] if entry.type == "source" else whole.get("sources") or _list_observation_sources(whole)
        items.append(
            {
                "type": entry.type,
                "slug": entry.slug,
                "name": entry.name,
                "summary": entry.summary or None,
                "because": explain_hit(hit),
                "sources": sources.add(behind[:MAX_SOURCES]),
            }
        )
    end = begin + given.limit
    return _build_output(
        read,
        sources,
        {
            "items": items,
            "urgent": [sources.cite(claim, short=True) for claim in find_notices(read, text)],
            "suggestions": [] if hits else suggest_names(read, text),
            "next": _encode_cursor(read, "find", given, end) if end < len(hits) else None,
        },
    )


def _list_observation_sources(body: Json) -> list[Json]:
    return [cited["source"] for claim in body.get("observations", {}).get("items", ()) for cited in claim["citations"]]


def get_record(read: RequestContext, given: asked.GetArguments) -> Json:
    """A record or a claim."""
    sources = CitedSources()
    if given.type in {"", "claim"} and (document := find_claim(read.connection, given.name)):
        return _build_output(read, sources, _serialize_claim(orjson.loads(document), sources))
    if given.type == "claim":
        behind = list_claims(read.connection, ClaimFilters(tuple(vocabulary.CLAIM_KINDS)), after=given.name, limit=3)
        near = tuple(one for one, _ in behind)
        raise NotFound(f"No claim has the id {given.name!r}.", suggestions=near)
    kind, slug = resolve_record(read, "name", (given.type,) if given.type else RECORD_TYPES, given.name)
    document = find_document(read.connection, kind, slug)
    return _build_output(
        read, sources, serialize_record(orjson.loads(document or b"{}"), sources, list(given.sections))
    )


def _serialize_claim(claim: Json, sources: CitedSources) -> Json:
    return {
        "type": "claim",
        "slug": claim["id"],
        "name": claim["statement"],
        "other_names": [],
        "summary": claim["statement"],
        "facts": {"support": claim["support"], "reasons_for_the_grade": claim["certainty_reasons"]},
        "sections": [{"name": claim["kind"], "claims": [sources.cite(claim)]}],
        "unknown": [],
        "not_applicable": [],
        "related": [claim["subject"]],
    }


def list_treatments(read: RequestContext, given: asked.WhatTreatsArguments) -> Json:
    """Procedures that act on a pain generator or are used for a condition."""
    sources = CitedSources()
    kind, slug = resolve_record(read, "target", ("pain_generator", "condition"), given.target)
    path = f"{TARGET_FOLDERS[kind]}/{slug}/procedures"
    roles = [given.role] if given.role else None
    filters = Filters(non_empty(role=roles, family=list(given.family)), parse_min_relief(given.min_relief or None))
    after = _decode_cursor(read, "what_treats", given)
    selection = FilteredList(read.connection, path, filters)
    rows = list_rows(selection, after=after, limit=given.limit + 1)
    key = ("mcp total", _signature("what_treats", given))
    total = read.cached(key, lambda: count_rows(selection))
    found = [orjson.loads(row.json) for row in rows[: given.limit]]
    claims = list_claims_by_id(read, (one["edge"]["claim"] for one in found))
    items = [
        {
            "slug": one["slug"],
            "name": one["name"],
            "family": one["family"],
            "role": one["edge"]["role"],
            "grade": one["edge"]["grade"],
            "typical_relief": list_typical_relief_labels(one),
            "path": one["edge"]["path"],
            "claim": sources.cite(claims[one["edge"]["claim"]], short=True),
        }
        for one in found
    ]
    more = len(rows) > given.limit
    following = _encode_cursor(read, "what_treats", given, rows[given.limit - 1].offset) if more else None
    return _build_output(
        read, sources, {"target": build_ref(read, kind, slug), "items": items, "total": total, "next": following}
    )


def list_claims_by_id(read: RequestContext, ids: Any) -> dict[str, Json]:  # noqa: ANN401 - any iterable of ids
    """Claims as they are shown, in one statement."""
    wanted = tuple(sorted(set(ids)))
    filters = ClaimFilters(tuple(vocabulary.CLAIM_KINDS), ids=wanted)
    rows = list_claims(read.connection, filters, after="", limit=len(wanted)) if wanted else []
    return {claim_id: orjson.loads(document) for claim_id, document in rows}


def compare_procedures(read: RequestContext, given: asked.CompareArguments) -> Json:
    """Procedures side by side."""
    sources = CitedSources()
    slugs = list(
        dict.fromkeys(resolve_record(read, "procedures", ("procedure",), name)[1] for name in given.procedures)
    )
    if len(slugs) < 2:
        message = "two different procedures are needed"
        raise InvalidParameter(f"procedures: {message}", errors=(FieldError("procedures", slugs[0], message),))
    bodies = list_documents(read.connection, "procedure", slugs)
    documents: list[Json] = [orjson.loads(bodies[slug]) for slug in slugs]
    made = side_by_side(documents)
    named_claims = {claim for row in made["rows"] for cell in row["cells"] for claim in cell["claims"]}
    cited = [
        {"claim": claim["id"], "sources": sources.add(one["source"] for one in claim["citations"])}
        for document in documents
        for block in document.values()
        if isinstance(block, dict) and "items" in block
        for claim in block["items"]
        if claim.get("id") in named_claims and "citations" in claim
    ]
    return _build_output(
        read,
        sources,
        {
            "procedures": [{"type": "procedure", "slug": one["slug"], "name": one["name"]} for one in documents],
            "rows": made["rows"],
            "no_procedure": made["no_procedure"],
            "citations": cited,
        },
    )


def list_changes(read: RequestContext, given: asked.WhatChangedArguments) -> Json:
    """What a release changed, field by field."""
    sources, version = CitedSources(), given.version or read.release.version
    known = [*list_versions(read.connection), read.release.version]
    if version not in known:
        near = find_nearest(version, known, limit=3) or known[-1:]
        raise NotFound(f"No release has the version {version!r}.", suggestions=tuple(dict.fromkeys(near)))
    path, after = f"releases/{version}/changes", _decode_cursor(read, "what_changed", given)
    every_row = FilteredList(read.connection, path)
    rows = list_rows(every_row, after=after, limit=given.limit + 1)
    total = read.cached(("mcp total", path), lambda: count_rows(every_row))
    changes = [orjson.loads(row.json) for row in rows[: given.limit]]
    ids = [found[1] for one in changes if (found := _CLAIM_FIELD.match(one["field"]))]
    claims = list_claims_by_id(read, ids)
    items = []
    for one in changes:
        found = _CLAIM_FIELD.match(one["field"])
        claim = claims.get(found[1]) if found else None
        items.append(
            {
                "record": one["entity"],
                "name": one["name"],
                "change": one["change"],
                "field": one["field"],
                "old": one["old"],
                "new": one["new"],
                "sources": sources.add(cited["source"] for cited in claim["citations"]) if claim else [],
            }
        )
    more = len(rows) > given.limit
    following = _encode_cursor(read, "what_changed", given, rows[given.limit - 1].offset) if more else None
    return _build_output(read, sources, {"version": version, "total": total, "items": items, "next": following})


@dataclass(frozen=True)
class Tool:
    """A tool: what it takes, what it answers, and the query behind it."""

    name: str
    title: str
    arguments_model: type[asked.ToolArguments]
    output_model: type[told.ToolOutput]
    run: Callable[[RequestContext, Any], Json]


TOOLS: Final = {
    tool.name: tool
    for tool in (
        Tool("find", "Find records", asked.FindArguments, told.FindOutput, find_records),
        Tool("get", "Get a record", asked.GetArguments, told.GetOutput, get_record),
        Tool("what_treats", "What treats this", asked.WhatTreatsArguments, told.WhatTreatsOutput, list_treatments),
        Tool("compare", "Compare procedures", asked.CompareArguments, told.CompareOutput, compare_procedures),
        Tool(
            "what_changed", "What a release changed", asked.WhatChangedArguments, told.WhatChangedOutput, list_changes
        ),
    )
}
