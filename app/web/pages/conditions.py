"""Condition and pain generator pages."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.web.rendering import parse_document, render_page, render_template

router = APIRouter(include_in_schema=False)

_CONDITION_SECTIONS: Final = (
    ("Symptoms", "symptoms"),
    ("What it can cause", "causes"),
    ("How common it is", "prevalences"),
    ("New cases", "incidences"),
    ("How it is tested", "reference_tests"),
    ("How well tests work", "diagnostic_accuracy"),
    ("How it comes about", "mechanisms"),
    ("What studies found", "findings"),
    ("What bodies recommend", "recommendations"),
    ("Grades that bodies state", "evidence_grades"),
    ("What comes before a procedure", "prerequisites"),
    ("What payers cover", "coverage"),
    ("Codes", "codes"),
)
_GENERATOR_SECTIONS: Final = (
    ("Share of pain", "shares_of_pain"),
    ("Where pain is felt", "referral_patterns"),
    ("How it is tested", "reference_tests"),
    ("How well tests work", "diagnostic_accuracy"),
    ("How common it is", "prevalences"),
    ("How treatment works", "mechanisms"),
    ("What studies found", "findings"),
    ("What bodies recommend", "recommendations"),
    ("Grades that bodies state", "evidence_grades"),
    ("What payers cover", "coverage"),
    ("Codes", "codes"),
)


def _build_sections(
    record: Json, sections: tuple[tuple[str, str], ...]
) -> list[tuple[str, tuple[str, str], Json | None]]:
    """Build the sections of a page: block name, id and text of the heading, and the block or None if it is not known."""
    return [
        (
            block_name,
            (block_name.replace("_", "-"), heading),
            record[block_name] if record[block_name]["status"] == "known" else None,
        )
        for heading, block_name in sections
    ]


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
            sections=_build_sections(record, _CONDITION_SECTIONS),
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
            sections=_build_sections(record, _GENERATOR_SECTIONS),
        )

    return render_page(request, build)
