"""Sources and claims: the evidence behind every fact."""

from typing import Annotated

from fastapi import Path, Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import ReleaseQuery, SourceParams
from app.api.v1.record_responses import get_record, list_page
from app.errors import NotFound
from app.openapi.responses import NOT_FOUND_RESPONSE, RECORD_RESPONSES
from app.queries.claims import find_claim
from app.schemas.building_blocks import ListPage
from app.schemas.claims import ClaimOut
from app.schemas.records import SourceDetail, SourceSummary

router = create_router("sources and claims")
ClaimId = Annotated[str, Path(min_length=1, max_length=200, description="Permanent id of a claim.")]


@router.get("/sources", response_model=ListPage[SourceSummary])
def list_sources(params: Annotated[SourceParams, Query()], ctx: Context) -> Response:
    """Sources, with filters, sorting and facet counts."""
    return list_page(ctx, "sources", params, table=True)


@router.get("/sources/{slug}", response_model=SourceDetail, responses=RECORD_RESPONSES)
def get_source(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A source in full, with every claim that cites it."""
    return get_record(ctx, "source", slug)


@router.get("/claims/{id}", response_model=ClaimOut, responses=NOT_FOUND_RESPONSE)
def get_claim(id: ClaimId, _: ReleaseQuery, ctx: Context) -> Response:
    """One claim."""
    document = find_claim(ctx.transaction, id)
    if document is None:
        raise NotFound(f"Unknown claim {id[:200]!r}.")
    return ctx.bytes_response(bytes(document))
