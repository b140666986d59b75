"""A condition and the way through care; a pain generator and what reaches it."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.web.rendering import answered, load, render

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


def _sections(document: Json, sections: tuple[tuple[str, str], ...]) -> list[tuple[str, tuple[str, str], Json | None]]:
    """Name of a block, the id and words of its heading, and the block; None in its place where nothing is known."""
    return [
        (key, (key.replace("_", "-"), words), document[key] if document[key]["status"] == "known" else None)
        for words, key in sections
    ]


@router.get("/conditions/{slug}")
def show_condition(slug: str, request: Request) -> Response:
    """A condition: what is urgent, care without a procedure, then procedures."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "condition", slug))
        return render(
            read,
            "condition.html",
            title=d["name"],
            path=f"/conditions/{slug}",
            description=d["summary"],
            d=d,
            options=load(read, get_document(read, "condition", slug, document="options")),
            sections=_sections(d, _CONDITION_SECTIONS),
        )

    return answered(request, make)


@router.get("/pain-generators/{slug}")
def show_pain_generator(slug: str, request: Request) -> Response:
    """A pain generator, and the procedures that reach it."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "pain_generator", slug))
        return render(
            read,
            "generator.html",
            title=d["name"],
            path=f"/pain-generators/{slug}",
            description=d["summary"],
            d=d,
            sections=_sections(d, _GENERATOR_SECTIONS),
        )

    return answered(request, make)
