"""Codes of other organizations: the block in details, and the map that the code lookup reads."""

import re
from typing import Final

from app.domain.code_systems import CODE_SYSTEMS
from app.domain.json import Json
from app.read_model.claims_json import build_block, build_notice, link_placeholder
from app.read_model.graph import ContentGraph
from app.read_model.positions import list_positions
from app.seed import schema as seed


def build_codes(graph: ContentGraph, record_type: str, slug: str) -> list[Json]:
    """Build the codes of a record, exact ones first."""
    rows = [
        {
            "system": system.slug,
            "system_title": CODE_SYSTEMS[system.slug].title,
            "system_uri": CODE_SYSTEMS[system.slug].uri,
            "version": system.version,
            "code": code.id,
            "title": code.title,
            "relation": relation,
            "billable": code.billable,
            "includes_narrower": code.subtree,
        }
        for system, code, relation in graph.codes_by_record.get((record_type, slug), ())
    ]
    return sorted(rows, key=lambda row: (row["system"], row["relation"] != "exact", row["code"]))


def build_code_map(graph: ContentGraph) -> Json:
    """Build the map of all codes, by system and code: title, billable, successors, and the records that each leads to."""
    systems = {
        system.slug: {
            "version": system.version,
            "codes": {
                code.id: {
                    "title": code.title,
                    "billable": code.billable,
                    "subtree": code.subtree,
                    "replaced_by": code.replaced_by,
                    "records": [[record.type, record.slug, record.relation] for record in code.records],
                }
                for code in system.codes
            },
        }
        for system in graph.bundle.code_systems
    }
    systems["nice"] = {"version": None, "codes": _build_nice_codes(graph)}
    return {"notice": build_notice(graph), "systems": systems}


# Number of a source of NICE: its guidance, and the part of it that the source is (NG59/3).
_NICE_NUMBER = re.compile(r"([A-Z]{2,3}\d{1,4})(/\d+)?")


def _find_nice_number(source: seed.SourceIn) -> re.Match[str] | None:
    return _NICE_NUMBER.fullmatch(source.number or "") if "NICE" in (source.publisher or "") else None


def _build_nice_codes(graph: ContentGraph) -> Json:
    """Build the codes of NICE: the guidance itself is its sources; records with a claim that cites it are related."""
    numbers = {
        source.slug: (match[1], "broader" if match[2] else "exact")
        for source in graph.bundle.sources
        if (match := _find_nice_number(source))
    }
    entries: dict[str, Json] = {}
    for source in graph.bundle.sources:
        number, relation = numbers.get(source.slug, ("", ""))
        if number:
            new: Json = {"title": source.title, "billable": None, "subtree": False, "replaced_by": [], "records": []}
            entry = entries.setdefault(number, new)
            entry["records"].append(["source", source.slug, relation])
            if source.replaced_by in numbers:
                entry["replaced_by"].append(numbers[source.replaced_by][0])
    related = {
        (numbers[citation.source][0], record_type, slug)
        for record_type, slug, claim in graph.bundle.claims()
        for citation in claim.citations
        if citation.source in numbers and record_type in CODE_SYSTEMS["nice"].record_types
    }
    for number, record_type, slug in sorted(related):
        entries[number]["records"].append([record_type, slug, "related"])
    return entries


# Treatments in the code lookup: a caller who wants more follows the link.
_MAX_TREATMENTS: Final = 10


def build_treatments(graph: ContentGraph, condition: str) -> Json:
    """Build what treats a condition: the procedures that a source names for it or for a narrower one."""
    claims: dict[str, list[str]] = {}
    for relation in graph.list_relations("condition", condition):
        if relation.role == "treats":
            claims.setdefault(relation.procedure, []).extend(relation.claim_ids)
    ordered = sorted(claims, key=lambda slug: graph.sort_key("procedure", slug))
    path = f"/v1/conditions/{condition}"
    return {
        "total": len(ordered),
        "items": [
            {
                "procedure": graph.record_ref("procedure", slug),
                "claims": claims[slug],
                "positions": build_block(list_positions(graph, slug)),
            }
            for slug in ordered[:_MAX_TREATMENTS]
        ],
        "links": {
            "all": link_placeholder(f"{path}/procedures?role=treats"),
            "options": link_placeholder(f"{path}/options"),
        },
    }
