"""Batch request: several records in one response."""

from typing import Annotated

import orjson
from fastapi import Query, Response
from pydantic import Field

from app.api.deps import ReleaseParams, ShortText
from app.http.context import RequestContext
from app.queries.documents import list_documents

MAX_BATCH = 50


class BatchParams(ReleaseParams):
    """Requested slugs."""

    slug: list[ShortText] = Field(min_length=1, max_length=MAX_BATCH, description="Slug of a record; may be repeated.")


BatchQuery = Annotated[BatchParams, Query()]


def get_batch(ctx: RequestContext, record_type: str, params: BatchParams) -> Response:
    """Documents in the requested order; `not_found` lists the slugs without a record."""
    slugs = list(dict.fromkeys(params.slug))
    documents = list_documents(ctx.connection, record_type, slugs)
    items = b",".join(bytes(documents[slug]) for slug in slugs if slug in documents)
    missing = orjson.dumps([slug for slug in slugs if slug not in documents])
    return ctx.bytes_response(b'{"items":[' + items + b'],"not_found":' + missing + b"}")
