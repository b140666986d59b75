"""Pagination of lists: cursors, totals, facets and Link headers."""

import base64
import binascii
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlencode

import orjson
from fastapi import Response

from app.domain import vocabulary
from app.errors import FieldError, InvalidCursor, ReleaseMismatch, ReplicaBehind
from app.http.context import RequestContext
from app.http.redirects import strip_path_prefix
from app.http.slug_resolution import names_by_slug
from app.queries.list_filter import DEFAULT_ORDER, FilteredList, Filters, SortOrder, count_facet, count_rows
from app.queries.lists import DEFAULT_PAGE_SIZE, find_first_page, list_rows

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "family": vocabulary.PROCEDURE_FAMILIES,
    "intent": vocabulary.INTENTS,
    "body_region": vocabulary.BODY_REGIONS,
    "guidance": vocabulary.GUIDANCE,
    "anesthesia": vocabulary.ANESTHESIA,
    "setting": vocabulary.SETTINGS,
    "role": {**vocabulary.TARGET_ROLES, "has_risk": "Has the risk"},
    "kind": vocabulary.GENERATOR_KINDS,
    "category": vocabulary.RISK_CATEGORIES,
    "design": vocabulary.DESIGNS,
    "standing": vocabulary.SOURCE_STANDINGS,
    "measure": vocabulary.MEASURES,
    "statistic": vocabulary.STATISTICS,
    "direction": vocabulary.DIRECTIONS,
    "position": vocabulary.POSITIONS,
    "contraindication_topic": vocabulary.CONTRAINDICATION_TOPICS,
    "bleeding_risk": vocabulary.BLEEDING_RISK_CLASSES,
}
# A query of these characters may be repeated in a URL and a Link header as it was sent.
_PLAIN_QUERY: Final = re.compile(r"[A-Za-z0-9._~=&+%-]*")
_RECORD_FACETS: Final = ("procedure", "condition", "pain_generator", "risk")
_BOOLEAN_LABELS: Final = {"true": "Yes", "false": "No"}


def paginate(
    ctx: RequestContext,
    path: str,
    *,
    filters: Filters,
    order: SortOrder,
    limit: int,
    cursor: str | None,
    facets: Sequence[str] = (),
    table: bool = False,
    has_status: bool = False,
) -> Response:
    """One page of a list.

    `table`: the same rows are served as CSV at a URL of their own. `has_status`: the page says whether the whole list is
    known, as the block of a record does.
    """
    signature = _signature(path, filters, order)
    rows = FilteredList(ctx.transaction, path, filters, order)
    is_first_page = cursor is None and limit == DEFAULT_PAGE_SIZE and rows.unfiltered and not order.reverse
    if is_first_page and (page := find_first_page(ctx.transaction, path)) is not None:
        items, total, last_offset = [page.items], page.total, page.last_offset
    else:
        page_rows = list_rows(rows, after=decode_cursor(ctx, cursor, signature), limit=limit + 1)
        total = ctx.cached_by_request(("total", path, signature), lambda: count_rows(rows))
        items = [row.json for row in page_rows[:limit]]
        last_offset = page_rows[limit - 1].offset if len(page_rows) > limit else None
    is_known = total > 0 or (
        has_status and not filters.is_empty and count_rows(FilteredList(ctx.transaction, path)) > 0
    )
    return list_response(
        ctx,
        items,
        limit=limit,
        total=total,
        next_cursor=build_next_cursor(ctx, signature, last_offset),
        facets=[_count_facet(ctx, rows, name) for name in dict.fromkeys(facets)],
        alternates={"text/csv": _csv_url(ctx, path)} if table else None,
        extra_members={"status": "known" if is_known else "unknown"} if has_status else None,
    )


def list_response(
    ctx: RequestContext,
    items: Sequence[bytes],
    *,
    limit: int,
    total: int,
    next_cursor: str | None,
    facets: Sequence[Mapping[str, Any]] = (),
    alternates: Mapping[str, str] | None = None,
    extra_members: Mapping[str, Any] | None = None,
    has_links: bool = True,
) -> Response:
    """Response with a page of a list and its Link header. `has_links`: items may hold link placeholders."""
    page = orjson.dumps({"limit": limit, "total": total, "next": next_cursor})
    body = b'{"items":[' + b",".join(items) + b'],"page":' + page + b',"facets":' + orjson.dumps(list(facets))
    if extra_members:
        body += b"," + orjson.dumps(dict(extra_members))[1:-1]
    links = [
        f'<{ctx.settings.link_base}{target}>; rel="alternate"; type="{media_type}"'
        for media_type, target in (alternates or {}).items()
    ]
    if next_cursor is not None:
        links.insert(0, f'<{_next_url(ctx, next_cursor)}>; rel="next"')
    headers = {"Link": ", ".join(links)} if links else None
    return ctx.bytes_response(body + b"}", headers=headers, has_links=has_links)


def _next_url(ctx: RequestContext, next_cursor: str) -> str:
    scope = ctx.request.scope
    query = scope["query_string"].decode("latin-1")
    path = strip_path_prefix(scope["path"], ctx.settings.path_prefix)
    query = _without_params(query, {"cursor"})
    return f"{ctx.settings.link_base}{quote(path)}?{query}{'&' if query else ''}cursor={next_cursor}"


def _csv_url(ctx: RequestContext, path: str) -> str:
    query = _without_params(ctx.request.scope["query_string"].decode("latin-1"), {"cursor", "limit", "facet"})
    return f"/v1/{path}.csv{'?' if query else ''}{query}"


def _without_params(query: str, names: Collection[str]) -> str:
    """A query without some parameters, otherwise as it was sent where that is safe in a header."""
    if _PLAIN_QUERY.fullmatch(query):
        return "&".join([part for part in query.split("&") if part and unquote(part.partition("=")[0]) not in names])
    return urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in names])


def _count_facet(ctx: RequestContext, rows: FilteredList, name: str) -> dict[str, Any]:
    """Counts of one facet, without its own filter."""
    signature = _signature(rows.list_path, rows.filters.without(name), DEFAULT_ORDER)
    counts = ctx.cached_by_request(("facet", name, signature), lambda: count_facet(rows, name))
    selected = rows.filters.values_by_facet.get(name, ())
    labels = names_by_slug(ctx, name) if name in _RECORD_FACETS else _LABELS.get(name, _BOOLEAN_LABELS)
    values = [
        {"value": value, "label": labels.get(value, value), "count": count, "selected": value in selected}
        for value, count in counts
    ]
    return {"name": name, "values": values}


def _signature(path: str, filters: Filters, order: SortOrder) -> str:
    facets = sorted((name, sorted(values)) for name, values in filters.values_by_facet.items())
    selection = [path, facets, filters.min_relief_days, filters.updated_since, filters.slugs, order.sort, order.reverse]
    return hashlib.blake2b(orjson.dumps(selection), digest_size=6).hexdigest()


def encode_cursor(revision: str, version: str, signature: str, position: int | str) -> str:
    """Opaque cursor: the release, the list with its filters and order (`signature`), and the last row that was sent."""
    text = f"{revision}|{version}|{signature}|{position}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def build_next_cursor(ctx: RequestContext, signature: str, position: int | None) -> str | None:
    """Cursor of the page after the row at a position; None: there is no further page."""
    if position is None:
        return None
    return encode_cursor(ctx.release.revision, ctx.release.version, signature, position)


def decode_cursor(ctx: RequestContext, cursor: str | None, signature: str) -> int | None:
    """Position of the row before the requested page; None: there is no cursor.

    Raises InvalidCursor, ReleaseMismatch or ReplicaBehind.
    """
    if cursor is None:
        return None
    release = ctx.release
    position = int(decode_cursor_payload(cursor, release.revision, release.version, signature, pattern=r"[0-9]{1,10}"))
    if position > 2**31:
        raise _wrong_list(cursor)
    return position


def decode_cursor_payload(cursor: str, revision: str, version: str, signature: str, *, pattern: str) -> str:
    """Payload of a cursor, a position or a key that matches a regular expression. Raises as `decode_cursor` does."""
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        cursor_revision, cursor_version, cursor_signature, payload = text.split("|")
    except (binascii.Error, UnicodeError, ValueError):
        payload = ""
    if not re.fullmatch(pattern, payload):
        error = FieldError("cursor", cursor[:200], "not a cursor of this service")
        raise InvalidCursor("The cursor is malformed.", errors=(error,))
    if cursor_revision != revision:
        if version_tuple(cursor_version) > version_tuple(version):
            raise ReplicaBehind(
                f"The cursor is from release {cursor_version}; this server still has {version}.", retry_after=2
            )
        error = FieldError("cursor", cursor[:200], f"from release {cursor_version}; the current one is {version}")
        raise ReleaseMismatch("The cursor is from an earlier release; start over without it.", errors=(error,))
    if cursor_signature != signature:
        raise _wrong_list(cursor)
    return payload


def _wrong_list(cursor: str) -> InvalidCursor:
    error = FieldError("cursor", cursor[:200], "made for another list, filter or sort")
    return InvalidCursor("The cursor belongs to another list, filter or sort.", errors=(error,))


def version_tuple(version: str) -> tuple[int, ...]:
    """Numbers of a release version, for comparing."""
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdigit() and part.isascii())
