"""Batch request: several records in one response."""

from typing import Annotated

import orjson
from fastapi import Query, Response
from pydantic import Field

from app.api.deps import ReleaseParams, ShortText
from app.http.context import RequestContext
from app.http.slug_resolution import find_slug
from app.queries.documents import list_documents

MAX_BATCH = 50


class BatchParams(ReleaseParams):
    """Requested records."""

    slug: list[ShortText] = Field(
        min_length=1, max_length=MAX_BATCH, description="Slug or name of a record; may be repeated."
    )


BatchQuery = Annotated[BatchParams, Query()]


def get_batch(ctx: RequestContext, record_type: str, params: BatchParams) -> Response:
    """Documents in the requested order; `not_found` lists the names without a record, or with several."""
    slug_by_name = {name: find_slug(ctx, record_type, name) for name in params.slug}
    slugs = list(dict.fromkeys(slug for slug in slug_by_name.values() if slug is not None))
    documents = list_documents(ctx.connection, record_type, slugs)
    items = b",".join(bytes(documents[slug]) for slug in slugs)
    missing = orjson.dumps([name for name, slug in slug_by_name.items() if slug is None])
    return ctx.bytes_response(b'{"items":[' + items + b'],"not_found":' + missing + b"}")
