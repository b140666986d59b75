"""Harm page: procedures for which sources report the harm, with rates where they state them."""

from fastapi import APIRouter, Request, Response

from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.web.rates import build_harm_rows
from app.web.rendering import parse_document, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/risks/{slug}")
def show_risk(slug: str, request: Request) -> Response:
    """Harm page, grouped by procedure."""

    def build(ctx: RequestContext) -> Response:
        record = parse_document(ctx, get_document(ctx, "risk", slug))
        rows, base = build_harm_rows(record["observations"]["items"])
        return render_template(
            ctx,
            "risk.html",
            title=record["name"],
            path=f"/risks/{slug}",
            description=record["summary"],
            record=record,
            comparable_harms=[row for row in rows if not row["withheld_reason"]],
            harm_base=base,
        )

    return render_page(request, build)
