"""Records as schema.org JSON-LD, each at an address of its own."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Response

from app.api.deps import PathSlug, Preconditioned, Reader, StrictRoute
from app.formats.jsonld import MEDIA_TYPE, OF_RECORD
from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.openapi.responses import OF_A_RECORD, answers


class LinkedData(Response):
    """Only so that the OpenAPI document names the media type."""

    media_type = MEDIA_TYPE


_SHAPE: Final = {"type": "object", "description": "A schema.org node in compact JSON-LD.", "additionalProperties": True}
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The record as JSON-LD.", "content": {MEDIA_TYPE: {"schema": _SHAPE}}},
    **answers(*OF_A_RECORD),
}
router = APIRouter(route_class=StrictRoute)


def _linked_data(read: Reading, kind: str, slug: str, release: str | None) -> Response:
    read.require(release)
    return read.dump(OF_RECORD[kind](orjson.loads(get_document(read, kind, slug))), media_type=MEDIA_TYPE)


@router.get("/procedures/{slug}.jsonld", tags=["procedures"], response_class=LinkedData, responses=_ANSWERS)
def get_procedure_linked_data(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A procedure as schema.org JSON-LD: a MedicalTherapy, or a DiagnosticProcedure where it treats nothing."""
    return _linked_data(read, "procedure", slug, params.release)


@router.get("/conditions/{slug}.jsonld", tags=["conditions"], response_class=LinkedData, responses=_ANSWERS)
def get_condition_linked_data(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A condition as a schema.org MedicalCondition, with what treats it."""
    return _linked_data(read, "condition", slug, params.release)


@router.get("/pain-generators/{slug}.jsonld", tags=["pain generators"], response_class=LinkedData, responses=_ANSWERS)
def get_pain_generator_linked_data(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A pain generator as a schema.org AnatomicalStructure."""
    return _linked_data(read, "pain_generator", slug, params.release)
