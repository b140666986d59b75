"""Comparison of two to six procedures side by side."""

from typing import Annotated, Any

import orjson
from fastapi import Query, Response

from app.api.deps import Context, create_router
from app.api.parameters import CompareParams, resolve_slugs
from app.errors import FieldError, InvalidParameter
from app.formats.comparison import build_comparison
from app.queries.documents import list_documents
from app.schemas.comparison import Comparison

router = create_router("procedures")


@router.get("/compare", response_model=Comparison)
def compare_procedures(params: Annotated[CompareParams, Query()], ctx: Context) -> Response:
    """Two to six procedures side by side, row by row; `differs` flags rows with different cells."""
    slugs = resolve_slugs(ctx, "procedure", params.procedure)
    if len(slugs) < 2:
        message = "at least two different procedures are required"
        raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", slugs[0], message),))
    bodies = list_documents(ctx.transaction, "procedure", slugs)
    documents: list[dict[str, Any]] = [orjson.loads(bodies[slug]) for slug in slugs]
    return ctx.json_response(build_comparison(documents))
