"""Condition and pain generator pages."""

from fastapi import APIRouter, Request, Response

from app.domain.documents import DocumentType
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.web.rendering import parse_document, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/conditions/{slug}")
def show_condition(slug: str, request: Request) -> Response:
    """Condition page: urgent signs, care without a procedure, then procedures."""

    def build(ctx: RequestContext) -> Response:
        record = parse_document(ctx, get_document(ctx, "condition", slug))
        return render_template(
            ctx,
            "condition.html",
            title=record["name"],
            path=f"/conditions/{slug}",
            description=record["summary"],
            record=record,
            options=parse_document(ctx, get_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS)),
        )

    return render_page(request, build)


@router.get("/pain-generators/{slug}")
def show_pain_generator(slug: str, request: Request) -> Response:
    """Pain generator page, with the procedures that reach it."""

    def build(ctx: RequestContext) -> Response:
        record = parse_document(ctx, get_document(ctx, "pain_generator", slug))
        return render_template(
            ctx,
            "generator.html",
            title=record["name"],
            path=f"/pain-generators/{slug}",
            description=record["summary"],
            record=record,
        )

    return render_page(request, build)
