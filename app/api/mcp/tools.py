"""MCP tools: the queries of /v1 in one read transaction, with sources, release and notice in every output."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

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
from app.api.mcp.output import build_output, decode_offset, get_signature, invalid_argument, list_page, resolve_record
from app.api.mcp.serialization import (
    STRUCTURES,
    CitedSources,
    drop_empty,
    list_safety_lines,
    serialize_record,
)
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
from app.queries.claims import ClaimFilters, list_claims, list_claims_by_id
from app.queries.documents import find_claim, find_document, list_documents
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import list_rows
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
from app.text.nearest import find_nearest
from app.text.normalize import normalize

MAX_SOURCES: Final = 5
EMERGENCY_NOTE: Final = "A search cannot rule out an emergency, whether or not it names one: never tell a person that their signs are harmless."
# Characters of one answer of `what_changed`, without release, notice and URL.
MAX_CHANGES: Final = 6_500
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
    items = [
        {
            "type": hit.record.type,
            "slug": hit.record.slug,
            "name": hit.record.name,
            "summary": hit.record.summary or None,
            "reason": explain_hit(hit),
            "safety": list_safety_lines(documents[hit.record.type, hit.record.slug]),
            "sources": sources.add(_list_sources(documents[hit.record.type, hit.record.slug])[:MAX_SOURCES]),
        }
        for hit in page
    ]
    return build_output(
        ctx,
        sources,
        {
            "items": items,
            "notices": [_serialize_notice(notice, sources) for notice in find_notices(ctx, query)],
            "emergency_note": EMERGENCY_NOTE,
            "suggestions": [] if hits else suggest_names(ctx, query),
            "next": build_next_cursor(ctx, get_signature(args), end if end < len(hits) else None),
        },
    )


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
        following = list_claims(ctx.transaction, ClaimFilters(tuple(CLAIM_KINDS)), after=args.name, limit=3)
        raise NotFound(f"Unknown claim {args.name!r}.", suggestions=tuple(claim_id for claim_id, _ in following))
    record_types = (args.type,) if args.type else GETTABLE_RECORD_TYPES
    document = find_document(ctx.transaction, *resolve_record(ctx, "name", record_types, args.name))
    record = serialize_record(orjson.loads(document or b"{}"), sources, list(args.sections))
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
    rows, total, next_cursor = list_page(ctx, args, filtered)
    relations = {row["slug"]: _list_nearest_relations(row["relations"], args.role) for row in rows}
    claim_ids = [relation["claim"] for nearest in relations.values() for relation in nearest]
    claim_ids += [position["claim"] for row in rows for position in row["positions"]["items"]]
    claims = list_claims_by_id(ctx.transaction, claim_ids)
    items = [
        {
            "slug": row["slug"],
            "name": row["name"],
            "family": row["family"],
            "serious_risks": drop_empty(row["serious_risks"]["items"]),
            "positions": [cite_position(position, claims, sources) for position in row["positions"]["items"]],
            "typical_relief": row["typical_relief"]["items"],
            "relations": [
                {**relation, "claim": sources.cite(claims[relation["claim"]], short=True)}
                for relation in relations[row["slug"]]
            ],
        }
        for row in rows
    ]
    record = build_ref(ctx, record_type, slug)
    broader = [
        {
            **build_ref(ctx, record_type, ancestor),
            "total": count_rows(_filter_procedures(ctx, record_type, ancestor, filters)),
        }
        for ancestor in _list_broader_slugs(ctx, record_type, slug)
    ]
    members = {"record": record, "broader": broader, "items": items, "total": total, "next": next_cursor}
    return build_output(ctx, sources, members)


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


def cite_position(position: Json, claims: dict[str, Json], sources: CitedSources) -> Json:
    """Serialize a recorded position and add the sources of its claim."""
    return {
        **position,
        "sources": sources.add(citation["source"] for citation in claims[position["claim"]]["citations"]),
    }


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
    rows = [{**row, "cells": [_shorten_cell(cell) for cell in row["cells"]]} for row in comparison["rows"]]
    compared_ids = {claim_id for row in rows for cell in row["cells"] for claim_id in cell["claims"]}
    citations = [
        {"claim": claim_id, "sources": sources.add(citation["source"] for citation in claim["citations"])}
        for claim_id, claim in list_claims_by_id(ctx.transaction, compared_ids).items()
    ]
    return build_output(
        ctx,
        sources,
        {
            "procedures": [
                {"type": "procedure", "slug": document["slug"], "name": document["name"]} for document in documents
            ],
            "rows": rows,
            "no_procedure": comparison["no_procedure"],
            "citations": citations,
        },
    )


def _shorten_cell(cell: Json) -> Json:
    """Texts and claims of a cell, each once."""
    values = cell["values"]
    return {
        "procedure": cell["procedure"],
        "status": cell["status"],
        "values": list(dict.fromkeys(value["label"] for value in values)),
        "claims": [claim_id for value in values for claim_id in value["claims"]],
    }


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
    claims = list_claims_by_id(ctx.transaction, filter(None, claim_ids))
    items: list[Json] = []
    for change, claim_id in zip(changes, claim_ids, strict=True):
        citations = claims.get(claim_id, {"citations": ()})["citations"]
        added = CitedSources()
        row = {
            "record": change["entity"],
            "name": change["name"],
            "change": change["change"],
            "text": describe_change(change),
            "sources": added.add(citation["source"] for citation in citations),
        }
        if items and len(orjson.dumps([*items, row, *(sources.by_slug | added.by_slug).values()])) > MAX_CHANGES:
            break
        items.append(row)
        sources.by_slug |= added.by_slug
    is_last = len(items) == len(rows)
    output = {
        "version": version,
        "total": ctx.cached_by_request(("mcp total", get_signature(args)), lambda: count_rows(filtered)),
        "items": items,
        "url": f"{ctx.settings.link_base}/v1/releases/{quote(version)}/changes",
        "next": build_next_cursor(ctx, get_signature(args), None if is_last else rows[len(items) - 1].offset),
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
