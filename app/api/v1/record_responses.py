"""Responses that several resources share: a page of a list, a record, a batch, and the procedures of a record."""

from collections.abc import Iterable

import orjson
from fastapi import Response

from app.api.parameters import BatchParams, PageParams
from app.domain.record_types import PATH_BY_RECORD_TYPE, TYPES_WITH_BLOCKS
from app.errors import FieldError, InvalidParameter
from app.http.alternate_links import alternate_link_header
from app.http.context import RequestContext
from app.http.pagination import paginate
from app.http.slug_resolution import check_record_exists, find_slug, get_document
from app.queries.documents import list_documents


def too_many_rows(message: str, filters: Iterable[str]) -> InvalidParameter:
    """Error for a response that would be too long; each of the filters can narrow it."""
    return InvalidParameter(message, errors=tuple(FieldError(name, None, message) for name in filters))


def list_page(
    ctx: RequestContext, path: str, params: PageParams, *, table: bool = False, has_status: bool = False
) -> Response:
    """One page of the list at `path`, as the parameters select it.

    `table`: the list is also served as CSV. `has_status`: the page says whether the whole list is known.
    """
    return paginate(
        ctx,
        path,
        filters=params.build_filters(ctx),
        order=params.build_order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=table,
        has_status=has_status,
    )


def list_procedures_of_record(ctx: RequestContext, record_type: str, slug: str, params: PageParams) -> Response:
    """One page of the procedures that are linked to a record."""
    check_record_exists(ctx, record_type, slug)
    return list_page(ctx, f"{PATH_BY_RECORD_TYPE[record_type]}/{slug}/procedures", params, has_status=True)


def get_record(ctx: RequestContext, record_type: str, slug: str) -> Response:
    """A record in full. A record with texts has other representations, which the Link header names."""
    document = get_document(ctx, record_type, slug)
    path = PATH_BY_RECORD_TYPE[record_type]
    headers = alternate_link_header(ctx, path, slug) if record_type in TYPES_WITH_BLOCKS else None
    return ctx.bytes_response(document, headers=headers)


def get_batch(ctx: RequestContext, record_type: str, params: BatchParams) -> Response:
    """Documents in the requested order; `not_found` lists the names without a record, or with several."""
    slug_by_name = {name: find_slug(ctx, record_type, name) for name in params.slug}
    slugs = list(dict.fromkeys(slug for slug in slug_by_name.values() if slug is not None))
    documents = list_documents(ctx.transaction, record_type, slugs)
    items = b",".join(bytes(documents[slug]) for slug in slugs)
    missing = orjson.dumps([name for name, slug in slug_by_name.items() if slug is None])
    return ctx.bytes_response(b'{"items":[' + items + b'],"not_found":' + missing + b"}")
