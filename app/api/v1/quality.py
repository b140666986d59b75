"""Content quality: coverage, gaps and disagreements between sources."""

from fastapi import Response

from app.api.deps import Context, create_router
from app.api.parameters import ReleaseQuery
from app.domain.documents import DISAGREEMENTS, QUALITY, DocumentKey
from app.http.context import RequestContext
from app.queries.documents import find_document
from app.schemas.quality import Disagreements, Quality

router = create_router("quality")


def _quality_report(ctx: RequestContext, key: DocumentKey) -> Response:
    return ctx.bytes_response(bytes(find_document(ctx.transaction, *key) or b"{}"))


@router.get("/quality", response_model=Quality)
def get_quality(_: ReleaseQuery, ctx: Context) -> Response:
    """Coverage by cited claims, for each record and overall, with the gaps."""
    return _quality_report(ctx, QUALITY)


@router.get("/disagreements", response_model=Disagreements)
def get_disagreements(_: ReleaseQuery, ctx: Context) -> Response:
    """Where comparable estimates differ most, and where guidelines or studies contradict each other."""
    return _quality_report(ctx, DISAGREEMENTS)
