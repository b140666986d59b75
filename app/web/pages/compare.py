"""Comparison page."""

import itertools
from collections.abc import Iterable
from typing import Final

from fastapi import Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.formats.comparison import build_comparison, list_conditions, match_outcomes
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.documents import list_documents
from app.web.rendering import page, parse_document, render_template, validate_choices

MAX_PROCEDURES: Final = 6
# Rows that apply to the column "No procedure" too; all others are about the procedure itself.
_ROWS_WITHOUT_PROCEDURE: Final = frozenset(
    {"indications", "typical_relief", "relief_durations", "response_rates", "risks"}
)
# Rows in which a reader must not miss the harm that comes seventh.
_ROWS_SHOWN_IN_FULL: Final = frozenset({"risks", "positions", "contraindications", "safety_warnings", "bleeding_risks"})
_MAX_CONDITIONS: Final = 3
# Rows in the order in which patients decide, what can go wrong first; the matched outcomes follow these. Others come after.
_FIRST_ROWS: Final = ("risks", "positions", "safety_warnings", "contraindications", "bleeding_risks")
_NEXT_ROWS: Final = ("response_rates", "typical_relief", "relief_durations", "indications", "targets")
_OWN_WORDS: Final = " (a maker's or practice's own words)"
_LABELS: Final = {
    "risks": "What can go wrong",
    "contraindications": "When it is not done, or with care",
    "targets": "Where the pain comes from",
}


@page("/compare")
def show_comparison(ctx: RequestContext) -> Response:
    """Comparison of two to six procedures, with no procedure as an option."""
    names = names_by_slug(ctx, "procedure")
    slugs = validate_choices(ctx, "procedure", names)
    comparison, message, rows, outcomes, no_procedure = None, "", [], [], {}
    if len(slugs) > MAX_PROCEDURES:
        message = f"Choose at most six procedures; {len(slugs)} are chosen."
    elif len(slugs) >= 2:
        bodies = list_documents(ctx.transaction, "procedure", slugs)
        documents = [parse_document(ctx, bodies[slug]) for slug in slugs]
        comparison = build_comparison(documents)
        outcomes = match_outcomes(documents)
        no_procedure = _describe_no_procedure(ctx, documents, comparison["no_procedure"])
        no_procedure |= {
            _get_outcome_name(n): [_describe_comparator(claim) for claim in _list_compared(itertools.chain(*cells))]
            for n, cells in enumerate(outcome["cells"] for outcome in outcomes)
        }
        rows = _order_rows(comparison["rows"], [_build_outcome_row(n, row, slugs) for n, row in enumerate(outcomes)])
    elif slugs:
        message = f"{names[slugs[0]]} is chosen. Choose at least one more procedure."
    return render_template(
        ctx,
        "compare.html",
        title="Compare procedures",
        description="Two to six pain procedures side by side, with no procedure as an option.",
        procedures=sorted(names.items(), key=lambda pair: pair[1].casefold()),
        selected=slugs,
        comparison=comparison,
        rows=rows,
        labels=_LABELS,
        has_outcomes=bool(outcomes),
        no_procedure=no_procedure,
        rows_without_procedure=_ROWS_WITHOUT_PROCEDURE | {_get_outcome_name(n) for n in range(len(outcomes))},
        rows_shown_in_full=_ROWS_SHOWN_IN_FULL,
        message=message,
        noindex=bool(slugs),
    )


def _order_rows(rows: list[Json], outcomes: list[Json]) -> list[Json]:
    """Order the rows as patients decide; those that are the same for all come last, but for what can go wrong."""
    by_name = {row["name"]: row for row in rows}
    first = [by_name.pop(name) for name in _FIRST_ROWS]
    rest = [*(by_name.pop(name) for name in _NEXT_ROWS), *by_name.values()]
    return [*first, *outcomes, *sorted(rest, key=lambda row: not row["differs"])]


def _get_outcome_name(n: int) -> str:
    return f"outcome-{n}"


def _build_outcome_row(n: int, outcome: Json, slugs: list[str]) -> Json:
    """Build the row of a matched outcome: of each procedure what its sources found."""
    cells = [
        {
            "procedure": slug,
            "status": "known" if claims else "unknown",
            "values": [
                {"label": f"{claim['statement']}{_OWN_WORDS if claim['commercial'] else ''}"} for claim in claims
            ],
        }
        for slug, claims in zip(slugs, outcome["cells"], strict=True)
    ]
    label = f"Measured alike: {outcome['label']}"
    return {"name": _get_outcome_name(n), "label": label, "differs": True, "cells": cells}


def _describe_no_procedure(
    ctx: RequestContext, documents: list[Json], shared: list[Json]
) -> dict[str, list[tuple[str, str]]]:
    """Describe the option of no procedure: row name -> (text, link path or "").

    For the conditions that the procedures share, or else for those of each; with what became of the people who got a
    sham or something else.
    """
    own = {condition["slug"]: condition for document in documents for condition in list_conditions(document).values()}
    conditions = shared or list(own.values())
    described = conditions[:_MAX_CONDITIONS]
    bodies = list_documents(ctx.transaction, DocumentType.OPTIONS, [condition["slug"] for condition in described])
    texts: dict[str, list[tuple[str, str]]] = {
        "indications": [
            (f"{condition['name']}: care without a procedure", f"/conditions/{condition['slug']}#care")
            for condition in conditions
        ],
        "response_rates": [
            _describe_comparator(claim)
            for document in documents
            for claim in _list_compared(document["response_rates"]["items"])
        ],
        "risks": [("None of a procedure; what can go wrong without one is on the pages of the conditions", "")],
    }
    for condition in described:
        care = parse_document(ctx, bodies[condition["slug"]])["no_procedure"]
        first = [
            (f"{condition['name']}: {claim['value']['label']}", "") for claim in care["first_line_care"]["items"][:2]
        ]
        course = [(f"{condition['name']}: {claim['statement']}", "") for claim in care["natural_course"]["items"][:2]]
        texts["indications"] += first
        texts.setdefault("typical_relief", []).extend(course)
    return texts


def _list_compared(claims: Iterable[Json]) -> list[Json]:
    """List the claims that state the share without the procedure."""
    return [claim for claim in claims if claim["value"].get("comparator_percent") is not None]


def _describe_comparator(claim: Json) -> tuple[str, str]:
    value, qualifiers = claim["value"], claim["qualifiers"]
    comparator = qualifiers["comparator"] or "The comparison"
    outcome = ", ".join(part for part in (qualifiers["definition"], value["at_label"]) if part)
    text = f"{comparator} in place of {claim['subject']['name']}: {value['comparator_percent']:g} %"
    return (f"{text}, {outcome}" if outcome else text), ""
