"""Procedure page for patients, and leaflet."""

from io import BytesIO

import segno
from fastapi import Response
from markupsafe import Markup

from app.domain.json import Json
from app.errors import FeatureDisabled
from app.formats.comparison import list_conditions
from app.http.context import RequestContext
from app.settings import explain_how_to_enable
from app.web.claim_lists import DRUG_FAMILIES, find_license_statements, group_harm_statements, select_key_sources
from app.web.leaflet_pdf import PAPERS, render_pdf
from app.web.patient_pages import build_benefit_pairs, build_patient_variables, get_patient_name, list_opposed
from app.web.rates import build_harm_rows, build_relief_spans, build_response_rows
from app.web.rendering import load_document, page, render_template, validate_choices


def build_procedure_variables(ctx: RequestContext, slug: str) -> Json:
    """Build the variables that the evidence page and the leaflet of a procedure share."""
    record = load_document(ctx, "procedure", slug)
    harms, base = build_harm_rows(record["risks"]["items"])
    return {
        "record": record,
        "description": record["summary"],
        "comparable_harms": [row for row in harms if not row["withheld_reason"]],
        "withheld_harms": [row for row in harms if row["withheld_reason"]],
        "harm_base": base,
        "relief_spans": build_relief_spans(record["relief_durations"]["items"], record["typical_relief"]["items"]),
        "response_rows": build_response_rows(record["response_rates"]["items"]),
        "conditions": list(list_conditions(record).values()),
        "gives_drug": record["family"] in DRUG_FAMILIES,
        "license_statements": find_license_statements(record),
    }


@page("/procedures/{slug}")
def show_procedure(ctx: RequestContext, slug: str) -> Response:
    """Procedure page for patients."""
    record = load_document(ctx, "procedure", slug)
    return render_template(
        ctx,
        "procedure.html",
        **build_patient_variables(record, ctx.settings.path_prefix),
        pairs=build_benefit_pairs(record["response_rates"]["items"]),
        relief_spans=build_relief_spans(record["relief_durations"]["items"], record["typical_relief"]["items"]),
        conditions=list(list_conditions(record).values()),
        opposed=list_opposed(record["positions"]),
        gives_drug=record["family"] in DRUG_FAMILIES,
        license_statements=find_license_statements(record),
    )


@page("/procedures/{slug}/leaflet")
def show_leaflet(ctx: RequestContext, slug: str) -> Response:
    """Procedure leaflet for print, with the URL of the full page."""
    variables = build_procedure_variables(ctx, slug)
    settings = ctx.settings
    url = f"{settings.absolute_base or settings.path_prefix}/procedures/{slug}"
    return render_template(
        ctx,
        "leaflet.html",
        title=get_patient_name(variables["record"]),
        canonical_path=f"/procedures/{slug}",
        # A telephone cannot follow a loopback address.
        qr_code=_render_qr_code(url) if settings.public_url else "",
        url=url,
        has_pdf="pdf" in ctx.settings.features,
        key_sources=select_key_sources(variables["record"]["sources"]),
        harm_statements=group_harm_statements(variables["record"]["risks"]["items"]),
        **variables,
    )


@page("/procedures/{slug}/leaflet.pdf")
def show_leaflet_pdf(ctx: RequestContext, slug: str) -> Response:
    """The leaflet as a PDF for A4 or Letter paper (`format`). Raises FeatureDisabled where the feature pdf is not enabled."""
    if "pdf" not in ctx.settings.features:
        raise FeatureDisabled(explain_how_to_enable("pdf"))
    papers = validate_choices(ctx, "format", dict.fromkeys(PAPERS, ""))
    leaflet = show_leaflet(ctx, slug)
    headers = {name: leaflet.headers[name] for name in ("KB-Release", "Cache-Control", "Content-Language")}
    headers["Content-Disposition"] = f'inline; filename="{slug}.pdf"'
    pdf = render_pdf(bytes(leaflet.body).decode(), paper=(papers or ["a4"])[0])
    return Response(pdf, headers=headers, media_type="application/pdf")


def _render_qr_code(url: str) -> Markup:
    svg = BytesIO()
    options = {"xmldecl": False, "svgns": True, "omitsize": True, "svgclass": None, "lineclass": None}
    segno.make(url, error="m").save(svg, kind="svg", border=2, title="Address of the full page", **options)
    # `role` makes the title the accessible name of the image.
    return Markup(svg.getvalue().decode().replace("<svg ", '<svg role="img" ', 1))  # noqa: S704 - generated above from the URL of this service
