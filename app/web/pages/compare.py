"""Comparison page."""

from typing import Final

from fastapi import Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.formats.comparison import build_comparison
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


@page("/compare")
def show_comparison(ctx: RequestContext) -> Response:
    """Comparison of two to six procedures, with no procedure as an option."""
    names = names_by_slug(ctx, "procedure")
    slugs = validate_choices(ctx, "procedure", names)
    comparison, message, no_procedure = None, "", {}
    if len(slugs) > MAX_PROCEDURES:
        message = f"Choose at most six procedures; {len(slugs)} are chosen."
    elif len(slugs) >= 2:
        bodies = list_documents(ctx.connection, "procedure", slugs)
        comparison = build_comparison([parse_document(ctx, bodies[slug]) for slug in slugs])
        no_procedure = _describe_no_procedure(ctx, comparison["no_procedure"])
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
        no_procedure=no_procedure,
        rows_without_procedure=_ROWS_WITHOUT_PROCEDURE,
        rows_shown_in_full=_ROWS_SHOWN_IN_FULL,
        message=message,
        noindex=bool(slugs),
    )


def _describe_no_procedure(ctx: RequestContext, conditions: list[Json]) -> dict[str, list[tuple[str, str]]]:
    """Describe the option of no procedure for the shared conditions: row name -> (text, link path or "")."""
    if not conditions:
        return {}
    described = conditions[:_MAX_CONDITIONS]
    bodies = list_documents(ctx.connection, DocumentType.OPTIONS, [condition["slug"] for condition in described])
    texts: dict[str, list[tuple[str, str]]] = {
        "indications": [
            (f"{condition['name']}: care without a procedure", f"/conditions/{condition['slug']}#care")
            for condition in conditions
        ]
    }
    for condition in described:
        course = parse_document(ctx, bodies[condition["slug"]])["no_procedure"]["natural_course"]["items"]
        statements = [(f"{condition['name']}: {claim['statement']}", "") for claim in course[:2]]
        texts.setdefault("typical_relief", []).extend(statements)
    return texts
