"""MCP tools: the queries of /v1 in one read transaction, with sources, release and notice in every output."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from app.api.mcp.arguments import (
    GETTABLE_RECORD_TYPES,
    CompareArguments,
    DisagreementsArguments,
    FindArguments,
    FindClaimsArguments,
    GetArguments,
    LookupCodeArguments,
    OptionsArguments,
    ToolArguments,
    WhatChangedArguments,
    WhatTreatsArguments,
)
from app.api.mcp.claim_tools import find_claims, list_disagreements, list_options, lookup_code
from app.api.mcp.output import build_output, decode_offset, fill_page, get_signature, invalid_argument, resolve_record
from app.api.mcp.serialization import (
    STRUCTURES,
    CitedSources,
    list_harm_claims,
    list_safety_lines,
    measure,
    measure_sources,
    serialize_record,
)
from app.api.mcp.short_table import ShortTable
from app.api.parameters import parse_min_relief
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.errors import NotFound
from app.formats.changes import describe_change
from app.formats.comparison import build_comparison
from app.http.context import RequestContext
from app.http.pagination import build_next_cursor
from app.http.search import explain_hit, find_notices, search_records, suggest_names
from app.http.slug_resolution import build_ref
from app.queries.claims import find_claim, list_following_claims, list_parsed_claims
from app.queries.documents import find_document, list_documents
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import RenderedRow, list_rows
from app.queries.name_resolution import list_parents
from app.queries.releases import list_versions
from app.schemas.mcp import (
    ClaimsOutput,
    CompareOutput,
    DisagreementsOutput,
    FindOutput,
    GetOutput,
    LookupCodeOutput,
    OptionsOutput,
    ToolOutput,
    WhatChangedOutput,
    WhatTreatsOutput,
)
from app.search.index import Hit
from app.text.nearest import find_nearest
from app.text.normalize import normalize

MAX_SOURCES: Final = 2
EMERGENCY_NOTE: Final = "A search cannot rule out an emergency, whether or not it names one: never tell a person that their signs are harmless."
# Characters of a comparison for each procedure, without release and notice: the whole stays below 6,000 for each.
MAX_COMPARED: Final = 5_500
# Characters of the sources of what a hit or a procedure of a list or comparison says under `safety`: `get` has all.
_SAFETY_SOURCES: Final = 1_600
# Emergency signs of a procedure in a list: `get` has more.
_MAX_SIGNS_OF_ROW: Final = 4
_CLAIM_FIELD: Final = re.compile(r"^/claims/([^/]+)")


def find_records(ctx: RequestContext, args: FindArguments) -> Json:
    """Find records by free text, with the emergencies that the query describes."""
    query, sources = args.query, CitedSources()
    if not normalize(query):
        raise invalid_argument("query", query, "must contain a letter or digit")
    begin = decode_offset(ctx, args) or 0
    end = begin + args.limit
    _, hits = search_records(ctx, query, tuple(args.types))
    page = hits[begin:end]
    documents: dict[tuple[str, str], Json] = {}
    for record_type in dict.fromkeys(hit.record.type for hit in page):
        slugs = [hit.record.slug for hit in page if hit.record.type == record_type]
        for slug, document in list_documents(ctx.transaction, record_type, slugs).items():
            documents[record_type, slug] = orjson.loads(document)
    notices = [_serialize_notice(notice, sources) for notice in find_notices(ctx, query)]
    harms = _list_harm_claims(ctx, documents)

    def serialize(hit: Hit, cited: CitedSources) -> Json:
        document = documents[hit.record.type, hit.record.slug]
        return {
            "type": hit.record.type,
            "slug": hit.record.slug,
            "name": hit.record.name,
            "summary": hit.record.summary or None,
            "reason": explain_hit(hit),
            "safety": list_safety_lines(document),
            "safety_sources": cited.add_harms(harms[hit.record.type, hit.record.slug], _SAFETY_SOURCES),
            "sources": cited.add(_list_sources(document)[:MAX_SOURCES]),
        }

    items = fill_page(sources, page, serialize, used=measure(notices))
    end = begin + len(items)
    return build_output(
        ctx,
        sources,
        {
            "items": items,
            "notices": notices,
            "emergency_note": EMERGENCY_NOTE,
            "suggestions": [] if hits else suggest_names(ctx, query),
            "next": build_next_cursor(ctx, get_signature(args), end if end < len(hits) else None),
        },
    )


def _list_harm_claims(ctx: RequestContext, documents: Mapping[Any, Json]) -> dict[Any, list[Json]]:
    """List, for each document, the claims that state its serious harms and the positions against it."""
    ids = {key: list_harm_claims(document) for key, document in documents.items()}
    claims = list_parsed_claims(ctx.transaction, {claim_id for listed in ids.values() for claim_id in listed})
    return {key: [claims[claim_id] for claim_id in listed] for key, listed in ids.items()}


def _serialize_notice(notice: Json, sources: CitedSources) -> Json:
    names = ("emergency", "name", "tier", "action", "claims")
    signs = [{"sign": sign["text"], "tier": sign["tier"]} for sign in notice["signs"]]
    return {**{name: notice[name] for name in names}, "signs": signs, "sources": sources.add(notice["sources"])}


def _list_sources(document: Json) -> Sequence[Json]:
    """Sources of a record: itself, its own list, or the sources of its observations."""
    if document["type"] == "source":
        return [document]
    observations = document.get("observations", {}).get("items", ())
    return document.get("sources") or [citation["source"] for claim in observations for citation in claim["citations"]]


def get_record(ctx: RequestContext, args: GetArguments) -> Json:
    """Get a record or a claim."""
    sources = CitedSources()
    if args.type in {"", "claim"} and (claim := find_claim(ctx.transaction, args.name)):
        return build_output(ctx, sources, _serialize_claim(orjson.loads(claim), sources))
    if args.type == "claim":
        # Claim ids begin with the slug of their subject, so the ids that follow are of the same or a similar record.
        following = list_following_claims(ctx.transaction, CLAIM_KINDS, after=args.name, limit=3)
        raise NotFound(f"Unknown claim {args.name!r}.", suggestions=tuple(claim_id for claim_id, _ in following))
    record_types = (args.type,) if args.type else GETTABLE_RECORD_TYPES
    body = find_document(ctx.transaction, *resolve_record(ctx, "name", record_types, args.name))
    document: Json = orjson.loads(body or b"{}")
    harms = _list_harm_claims(ctx, {"": document})[""]
    record = serialize_record(document, sources, list(args.sections), harms)
    return build_output(ctx, sources, record)


def _serialize_claim(claim: Json, sources: CitedSources) -> Json:
    """Serialize a claim in the form of a record with one section."""
    return {
        "type": "claim",
        "slug": claim["id"],
        "name": claim["statement"],
        "other_names": [],
        "summary": claim["statement"],
        "review": None,
        "safety": [],
        "safety_sources": [],
        "contents": {},
        "facts": {"support": claim["support"]},
        "texts": [],
        **dict.fromkeys(STRUCTURES),
        "sections": [{"name": claim["kind"], "claims": [sources.cite(claim)]}],
        "unknown": [],
        "not_found": [],
        "stated_on_forms": [],
        "not_applicable": [],
        "related": [claim["subject"]],
    }


def list_treatments(ctx: RequestContext, args: WhatTreatsArguments) -> Json:
    """List procedures that act on a pain generator or are used for a condition."""
    sources = CitedSources()
    record_type, slug = resolve_record(ctx, "record", ("pain_generator", "condition"), args.record)
    facets = {
        "role": (args.role,) if args.role else (),
        "family": tuple(dict.fromkeys(args.family)),
        "position": tuple(dict.fromkeys(args.position)),
    }
    requested = {name: values for name, values in facets.items() if values}
    filters = Filters(requested, parse_min_relief(args.min_relief or None))
    filtered = _filter_procedures(ctx, record_type, slug, filters)
    rows = list_rows(filtered, after=decode_offset(ctx, args), limit=args.limit + 1)
    procedures = [orjson.loads(row.json) for row in rows[: args.limit]]
    documents = list_documents(ctx.transaction, "procedure", [procedure["slug"] for procedure in procedures])
    harms = _list_harm_claims(ctx, {procedure["slug"]: procedure for procedure in procedures})
    relations = {row["slug"]: _list_nearest_relations(row["relations"], args.role) for row in procedures}
    claims = list_parsed_claims(
        ctx.transaction, [relation["claim"] for nearest in relations.values() for relation in nearest]
    )

    def serialize(row: Json, cited: CitedSources) -> Json:
        return {
            "slug": row["slug"],
            "name": row["name"],
            "family": row["family"],
            "safety": list_safety_lines(orjson.loads(documents[row["slug"]]), _MAX_SIGNS_OF_ROW),
            "safety_sources": cited.add_harms(harms[row["slug"]], _SAFETY_SOURCES),
            "positions": Counter(position["position"] for position in row["positions"]["items"]),
            "typical_relief": row["typical_relief"]["items"],
            "relations": [
                {**relation, "claim": cited.cite(claims[relation["claim"]], short=True)}
                for relation in relations[row["slug"]]
            ],
        }

    record = build_ref(ctx, record_type, slug)
    broader = [
        {
            **build_ref(ctx, record_type, ancestor),
            "total": count_rows(_filter_procedures(ctx, record_type, ancestor, filters)),
        }
        for ancestor in _list_broader_slugs(ctx, record_type, slug)
    ]
    items = fill_page(sources, procedures, serialize, used=measure(broader))
    output = {
        "record": record,
        "broader": broader,
        "items": items,
        "total": _count_total(ctx, args, filtered),
        "next": _build_next(ctx, args, rows, len(items)),
    }
    return build_output(ctx, sources, output)


def _count_total(ctx: RequestContext, args: ToolArguments, filtered: FilteredList) -> int:
    return ctx.cached_by_request(("mcp total", get_signature(args)), lambda: count_rows(filtered))


def _build_next(ctx: RequestContext, args: ToolArguments, rows: Sequence[RenderedRow], count: int) -> str | None:
    """Cursor of what follows the first `count` of rows; None: nothing does."""
    return build_next_cursor(ctx, get_signature(args), rows[count - 1].offset if count < len(rows) else None)


def _filter_procedures(ctx: RequestContext, record_type: str, slug: str, filters: Filters) -> FilteredList:
    return FilteredList(ctx.transaction, f"{PATH_BY_RECORD_TYPE[record_type]}/{slug}/procedures", filters)


def _list_broader_slugs(ctx: RequestContext, record_type: str, slug: str) -> list[str]:
    """Broader records, the nearest first."""
    parents: dict[str, list[str]] = {}
    for child, parent in list_parents(ctx.transaction, record_type):
        parents.setdefault(child, []).append(parent)
    broader = list(parents.get(slug, ()))
    for ancestor in broader:
        broader += [parent for parent in parents.get(ancestor, ()) if parent not in broader]
    return broader


def _list_nearest_relations(relations: list[Json], role: str) -> list[Json]:
    """List the nearest relation of each role, or of one role. `relations` are ordered from the nearest."""
    nearest = {relation["role"]: relation for relation in reversed(relations) if role in ("", relation["role"])}
    return [relation for relation in relations if relation is nearest.get(relation["role"])]


def compare_procedures(ctx: RequestContext, args: CompareArguments) -> Json:
    """Compare procedures side by side."""
    sources = CitedSources()
    slugs = list(dict.fromkeys(resolve_record(ctx, "procedures", ("procedure",), name)[1] for name in args.procedures))
    if len(slugs) < 2:
        raise invalid_argument("procedures", slugs[0], "two different procedures are required")
    bodies = list_documents(ctx.transaction, "procedure", slugs)
    documents: list[Json] = [orjson.loads(bodies[slug]) for slug in slugs]
    comparison = build_comparison(documents, with_findings=True)
    rows = [row for row in comparison["rows"] if not args.rows or row["name"] in args.rows]
    harms = _list_harm_claims(ctx, {document["slug"]: document for document in documents})
    procedures = [
        {
            **build_ref(ctx, "procedure", document["slug"]),
            "safety": list_safety_lines(document),
            "safety_sources": sources.add_harms(harms[document["slug"]], _SAFETY_SOURCES),
        }
        for document in documents
    ]
    claim_ids = {name for row in rows for cell in row["cells"] for value in cell["values"] for name in value["claims"]}
    claims = list_parsed_claims(ctx.transaction, claim_ids)
    table = ShortTable(
        rows, claims, sources, MAX_COMPARED * len(slugs) - measure(procedures) - measure_sources(sources)
    )
    table.fill()
    query = urlencode([("procedure", slug) for slug in slugs])
    output = {
        "procedures": procedures,
        "rows": table.rows,
        "unknown": table.unknown,
        "no_procedure": comparison["no_procedure"],
        "citations": table.citations,
        "url": f"{ctx.settings.link_base}/v1/compare?{query}",
    }
    return build_output(ctx, sources, output)


def list_changes(ctx: RequestContext, args: WhatChangedArguments) -> Json:
    """List the changes of a release, field by field."""
    sources, version = CitedSources(), args.version or ctx.release.version
    known = [*list_versions(ctx.transaction), ctx.release.version]
    if version not in known:
        suggestions = find_nearest(version, known, limit=3) or known[-1:]
        raise NotFound(f"Unknown release {version!r}.", suggestions=tuple(dict.fromkeys(suggestions)))
    filtered = FilteredList(ctx.transaction, f"releases/{version}/changes")
    rows = list_rows(filtered, after=decode_offset(ctx, args), limit=args.limit + 1)
    changes = [orjson.loads(row.json) for row in rows[: args.limit]]
    claim_ids = [match[1] if (match := _CLAIM_FIELD.match(change["field"])) else "" for change in changes]
    claims = list_parsed_claims(ctx.transaction, filter(None, claim_ids))

    def serialize(changed: tuple[Json, str], cited: CitedSources) -> Json:
        change, claim_id = changed
        citations = claims.get(claim_id, {"citations": ()})["citations"]
        return {
            "record": change["entity"],
            "name": change["name"],
            "change": change["change"],
            "text": describe_change(change),
            "sources": cited.add(citation["source"] for citation in citations),
        }

    items = fill_page(sources, list(zip(changes, claim_ids, strict=True)), serialize)
    output = {
        "version": version,
        "total": _count_total(ctx, args, filtered),
        "items": items,
        "url": f"{ctx.settings.link_base}/v1/releases/{quote(version)}/changes",
        "next": _build_next(ctx, args, rows, len(items)),
    }
    return build_output(ctx, sources, output)


@dataclass(frozen=True)
class Tool:
    """MCP tool: models of its arguments and output, and the function that runs it."""

    name: str
    title: str
    arguments_model: type[ToolArguments]
    output_model: type[ToolOutput]
    run: Callable[[RequestContext, Any], Json]


TOOLS: Final = {
    tool.name: tool
    for tool in (
        Tool("find", "Find records", FindArguments, FindOutput, find_records),
        Tool("get", "Get a record", GetArguments, GetOutput, get_record),
        Tool("what_treats", "What treats this", WhatTreatsArguments, WhatTreatsOutput, list_treatments),
        Tool("compare", "Compare procedures", CompareArguments, CompareOutput, compare_procedures),
        Tool("find_claims", "Find claims", FindClaimsArguments, ClaimsOutput, find_claims),
        Tool("options", "Options of a condition", OptionsArguments, OptionsOutput, list_options),
        Tool(
            "disagreements", "Where sources disagree", DisagreementsArguments, DisagreementsOutput, list_disagreements
        ),
        Tool("lookup_code", "Look up codes", LookupCodeArguments, LookupCodeOutput, lookup_code),
        Tool("what_changed", "What a release changed", WhatChangedArguments, WhatChangedOutput, list_changes),
    )
}
