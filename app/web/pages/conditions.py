"""A condition and the way through care; a pain generator and what reaches it."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.http.reading import Reading
from app.http.resolving import get_document
from app.web.rendering import answered, load, render

router = APIRouter(include_in_schema=False)


_CONDITION_SECTIONS: Final = (
    ("Symptoms", "symptoms"),
    ("What it can cause", "causes"),
    ("How common it is", "prevalences"),
    ("New cases", "incidences"),
    ("How it is tested", "reference_tests"),
    ("How it comes about", "mechanisms"),
    ("Findings", "findings"),
    ("Codes", "codes"),
)
_GENERATOR_SECTIONS: Final = (
    ("Share of pain", "shares_of_pain"),
    ("Where pain is felt", "referral_patterns"),
    ("How it is tested", "reference_tests"),
    ("How well tests work", "diagnostic_accuracy"),
    ("Findings", "findings"),
    ("How it is treated", "mechanisms"),
)


@router.get("/conditions/{slug}")
def show_condition(slug: str, request: Request) -> Response:
    """A condition: what is urgent, care without a procedure, then procedures."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "condition", slug))
        options = load(read, get_document(read, "condition", slug, document="options"))
        return render(
            read,
            "record.html",
            title=d["name"],
            path=f"/conditions/{slug}",
            d=d,
            options=options,
            sections=_CONDITION_SECTIONS,
            folder="conditions",
        )

    return answered(request, make)


@router.get("/pain-generators/{slug}")
def show_pain_generator(slug: str, request: Request) -> Response:
    """A pain generator."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "pain_generator", slug))
        return render(
            read,
            "record.html",
            title=d["name"],
            path=f"/pain-generators/{slug}",
            d=d,
            options=None,
            sections=_GENERATOR_SECTIONS,
            folder="pain-generators",
        )

    return answered(request, make)
