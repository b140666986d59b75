"""Records as schema.org JSON-LD, each at its own URL."""

from typing import Any, Final

import orjson
from fastapi import Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import ReleaseQuery
from app.formats.jsonld import JSONLD_MEDIA_TYPE, NODE_BUILDERS
from app.http.context import RequestContext
from app.http.release_dates import get_release_date
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_RESPONSES


class LinkedData(Response):
    """Response class that gives the OpenAPI document the media type."""

    media_type = JSONLD_MEDIA_TYPE


_SCHEMA: Final = {
    "type": "object",
    "description": "A schema.org node in compact JSON-LD.",
    "additionalProperties": True,
}
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "The record as JSON-LD.", "content": {JSONLD_MEDIA_TYPE: {"schema": _SCHEMA}}},
    **RECORD_RESPONSES,
}
router = create_router()


def _linked_data(ctx: RequestContext, record_type: str, slug: str) -> Response:
    document = orjson.loads(get_document(ctx, record_type, slug))
    node = NODE_BUILDERS[record_type](document, get_release_date(ctx, document["last_changed_in"]))
    return ctx.json_response(node, media_type=JSONLD_MEDIA_TYPE)


@router.get("/procedures/{slug}.jsonld", tags=["procedures"], response_class=LinkedData, responses=_RESPONSES)
def get_procedure_linked_data(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A procedure as a schema.org MedicalTherapy, or as a DiagnosticProcedure if it treats nothing."""
    return _linked_data(ctx, "procedure", slug)


@router.get("/conditions/{slug}.jsonld", tags=["conditions"], response_class=LinkedData, responses=_RESPONSES)
def get_condition_linked_data(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A condition as a schema.org MedicalCondition, with its treatments."""
    return _linked_data(ctx, "condition", slug)


@router.get("/pain-generators/{slug}.jsonld", tags=["pain generators"], response_class=LinkedData, responses=_RESPONSES)
def get_pain_generator_linked_data(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A pain generator as a schema.org AnatomicalStructure."""
    return _linked_data(ctx, "pain_generator", slug)
