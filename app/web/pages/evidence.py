"""Evidence pages of procedures and conditions: every claim with its source, for clinicians and the curious."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.documents import DocumentType
from app.domain.json import Json
from app.http.context import RequestContext
from app.queries.claims import list_claims
from app.web.charts import render_relief_chart
from app.web.claim_lists import group_harm_statements, iter_claims
from app.web.claim_marks import list_foreign_claims, number_claims
from app.web.icon_array import render_icon_array
from app.web.pages.procedures import build_procedure_variables
from app.web.rendering import load_document, page, render_template, validate_choices

# Kinds of content beside the claim kinds, with the part of the record that holds them.
_OTHER_KINDS: Mapping[str, tuple[str, str]] = {
    "position": ("Positions", "positions"),
    "disagreement": ("Disagreements", "conflicts"),
    "code": ("Codes", "codes"),
}


@page("/procedures/{slug}/evidence")
def show_procedure_evidence(ctx: RequestContext, slug: str) -> Response:
    """Evidence page of a procedure."""
    variables = build_procedure_variables(ctx, slug)
    _add_icon_arrays(variables)
    record = variables["record"]
    chart = render_relief_chart(
        record["relief_durations"]["items"],
        key="relief",
        title=f"How long relief lasts after {record['name'][0].lower()}{record['name'][1:]}",
        base=ctx.settings.path_prefix,
        differing=None,
    )
    return _render_evidence(
        ctx,
        "procedure_evidence.html",
        variables.pop("record"),
        chart=chart,
        sources_differ=any(conflict["claim_kind"] == "relief_duration" for conflict in record["conflicts"]["items"]),
        harm_statements=group_harm_statements(record["risks"]["items"]),
        **variables,
    )


@page("/conditions/{slug}/evidence")
def show_condition_evidence(ctx: RequestContext, slug: str) -> Response:
    """Evidence page of a condition: signs, care without a procedure, then procedures with relief, harms and positions."""
    record = load_document(ctx, "condition", slug)
    options = load_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS)
    return _render_evidence(ctx, "condition_evidence.html", record, options=options)


def _render_evidence(ctx: RequestContext, template: str, record: Json, **variables: Any) -> Response:  # noqa: ANN401 - as `render_template` takes them
    kinds = list_kinds(record)
    chosen = validate_choices(ctx, "kind", {kind["name"]: kind["label"] for kind in kinds})
    numbers = number_claims(record)
    foreign = list_foreign_claims(record, numbers)
    bodies = list_claims(ctx.transaction, foreign)
    foreign_claims = [
        orjson.loads(ctx.resolve_links(bytes(bodies[claim_id]))) for claim_id in foreign if claim_id in bodies
    ]
    name = record["name"]
    return render_template(
        ctx,
        template,
        title=f"Evidence: {name}",
        record=record,
        **{"description": f"Every statement on {name} with its source: trials, positions, disagreements, harms, codes."}
        | variables,
        kinds=[kind for kind in kinds if kind["count"]],
        chosen_kinds=chosen,
        has_chosen=any(kind["count"] for kind in kinds if kind["name"] in chosen),
        numbers=numbers,
        foreign_claims=foreign_claims,
        claims_by_id={claim["id"]: claim for claim in iter_claims(record)},
    )


def list_kinds(record: Json) -> list[Json]:
    """List the kinds of content that an evidence page can show: name, label, count in this record, block."""
    kinds = [
        {
            "name": row.name,
            "label": row.sections[record["type"]].heading,
            "count": len(record[row.block]["items"]),
            "block": row.block,
        }
        for row in CLAIM_KINDS_BY_RECORD_TYPE[record["type"]]
    ]
    for name, (label, block) in _OTHER_KINDS.items():
        kinds.append(
            {"name": name, "label": label, "count": len(record[block]["items"]) if block in record else 0, "block": ""}
        )
    kinds.append({"name": "source", "label": "Sources", "count": len(record["sources"]), "block": ""})
    return kinds


def _add_icon_arrays(variables: Json) -> None:
    """Add an icon array to the rows that can have one, all with the same base and size."""
    for n, row in enumerate(variables["response_rows"][:4]):
        description = f"{row['responders']:,} filled dots of 1,000, {row['non_responders']:,} rings: {row['definition']}, {row['time']}."
        row["icon_array"] = render_icon_array(
            row["responders"], key=f"rate-{n}", title="People who respond, of 1,000", description=description
        )
    for n, row in enumerate(variables["comparable_harms"]):
        has_array = variables["harm_base"] == 1000 and row["count"] is not None and n < 2
        description = f"{row['display']} filled dots of 1,000: {row['name']}, {row['timeframe']}."
        title = f"People with this harm, of 1,000: {row['name']}"
        row["icon_array"] = (
            render_icon_array(row["count"], key=f"harm-{n}", title=title, description=description) if has_array else ""
        )
