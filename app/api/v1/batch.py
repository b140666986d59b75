"""Several records at once."""

from typing import Annotated

import orjson
from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Precondition, Text
from app.http.context import Reading
from app.queries.documents import list_documents

MAX_BATCH = 50


class BatchQuery(Precondition):
    """Slugs asked for."""

    slug: list[Text] = Field(min_length=1, max_length=MAX_BATCH, description="Repeated: the slugs asked for.")


BatchParams = Annotated[BatchQuery, Query()]


def batch_of(read: Reading, kind: str, params: BatchQuery) -> Response:
    """Documents in the order asked; slugs that nothing has are listed."""
    read.require(params.release)
    slugs = list(dict.fromkeys(params.slug))
    _ = read.release
    found = list_documents(read.connection, kind, slugs)
    items = b",".join(bytes(found[slug]) for slug in slugs if slug in found)
    missing = orjson.dumps([slug for slug in slugs if slug not in found])
    return read.json(b'{"items":[' + items + b'],"not_found":' + missing + b"}")
