"""Codes of other organizations: the block in details, and the map that look-ups read."""

from typing import Final

from app.domain.code_systems import CODE_SYSTEMS
from app.domain.json import Json
from app.read_model.claims_json import build_block, build_notice, link_placeholder
from app.read_model.graph import ContentGraph
from app.read_model.positions import list_positions


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
    return {"notice": build_notice(graph), "systems": systems}


# Treatments in a look-up by code: a caller who wants more follows the link.
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
