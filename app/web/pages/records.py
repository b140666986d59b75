"""Pages of conditions, pain generators, harms, sources, guide pages and emergencies."""

from typing import Any

from fastapi import Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.http.context import RequestContext
from app.web.patient_pages import build_patient_variables
from app.web.rates import build_harm_rows
from app.web.rendering import load_document, load_rows, page, render_template


def _render_record(ctx: RequestContext, template: str, record: Json, **variables: Any) -> Response:  # noqa: ANN401 - as `render_template` takes them
    return render_template(
        ctx, template, title=record["name"], description=record.get("summary"), record=record, **variables
    )


@page("/conditions/{slug}")
def show_condition(ctx: RequestContext, slug: str) -> Response:
    """Condition page for patients: urgent signs, care without a procedure, then procedures."""
    record = load_document(ctx, "condition", slug)
    options = load_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS)
    variables = build_patient_variables(record, ctx.settings.path_prefix)
    return render_template(ctx, "condition.html", options=options, **variables)


@page("/pain-generators/{slug}")
def show_pain_generator(ctx: RequestContext, slug: str) -> Response:
    """Pain generator page, with the procedures that reach it."""
    return _render_record(ctx, "generator.html", load_document(ctx, "pain_generator", slug))


@page("/risks/{slug}")
def show_risk(ctx: RequestContext, slug: str) -> Response:
    """Harm page: procedures for which sources report the harm, with rates where they state them."""
    record = load_document(ctx, "risk", slug)
    rows, base = build_harm_rows(record["observations"]["items"])
    comparable = [row for row in rows if not row["withheld_reason"]]
    return _render_record(ctx, "risk.html", record, comparable_harms=comparable, harm_base=base)


@page("/sources/{slug}")
def show_source(ctx: RequestContext, slug: str) -> Response:
    """Source page, with the claims that cite it."""
    return _render_record(ctx, "source.html", load_document(ctx, "source", slug))


@page("/guide/{slug}")
def show_guide_page(ctx: RequestContext, slug: str) -> Response:
    """Patient guide page."""
    emergencies = load_rows(ctx, "emergencies") if slug == "emergencies" else []
    return _render_record(ctx, "guide.html", load_document(ctx, "guide_page", slug), emergencies=emergencies)


@page("/emergencies/{slug}")
def show_emergency(ctx: RequestContext, slug: str) -> Response:
    """Emergency page: what to do, and the signs with their sources."""
    return _render_record(ctx, "emergency.html", load_document(ctx, "emergency", slug))
