"""Pages of lists: cursors, totals, facets, Link."""

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
from app.errors import InvalidCursor, FieldError, ReleaseMismatch, ReplicaBehind
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.list_filter import DEFAULT_ORDER, Filters, SortOrder, FilteredList, count_facet, count_rows
from app.queries.lists import DEFAULT_PAGE_SIZE, find_first_page, list_rows

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "family": vocabulary.PROCEDURE_FAMILIES,
    "intent": vocabulary.INTENTS,
    "body_region": vocabulary.BODY_REGIONS,
    "guidance": vocabulary.GUIDANCE,
    "anaesthesia": vocabulary.ANESTHESIA,
    "setting": vocabulary.SETTINGS,
    "role": {**vocabulary.TARGET_ROLES, "carries": "Carries"},
    "kind": vocabulary.GENERATOR_KINDS,
    "category": vocabulary.RISK_CATEGORIES,
    "design": vocabulary.DESIGNS,
    "status": vocabulary.SOURCE_STATUSES,
    "measure": vocabulary.MEASURES,
    "statistic": vocabulary.STATISTICS,
    "direction": vocabulary.DIRECTIONS,
    "grade": vocabulary.GRADES,
}
# What stands in an address, and in a Link header, as it was sent.
_PLAIN_QUERY: Final = re.compile(r"[A-Za-z0-9._~=&+%-]*")
_RECORDS: Final = ("procedure", "condition", "pain_generator", "risk")
_YES_NO: Final = {"true": "Yes", "false": "No"}


def paginate(
    read: RequestContext,
    path: str,
    *,
    filters: Filters,
    order: SortOrder,
    limit: int,
    cursor: str | None,
    facets: Sequence[str] = (),
    table: bool = False,
) -> Response:
    """One page of a list. `table`: the same rows stand as CSV at an address of their own."""
    release = read.release
    signature = _signature(path, filters, order)
    selection = FilteredList(read.connection, path, filters, order)
    plain = cursor is None and limit == DEFAULT_PAGE_SIZE and selection.unfiltered and not order.reverse
    if plain and (page := find_first_page(read.connection, path)) is not None:
        items, total, last = [page.items], page.total, page.last_offset
    else:
        after = None if cursor is None else decode_cursor(cursor, release.revision, release.version, signature)
        rows = list_rows(selection, after=after, limit=limit + 1)
        total = read.cached(("total", path, signature), lambda: count_rows(selection))
        items = [row.json for row in rows[:limit]]
        last = rows[limit - 1].offset if len(rows) > limit else None
    shown = [_count_facet(read, selection, name) for name in dict.fromkeys(facets)]
    following = None if last is None else encode_cursor(release.revision, release.version, signature, last)
    return list_response(
        read,
        items,
        limit=limit,
        total=total,
        following=following,
        facets=shown,
        alternates={"text/csv": _csv_url(read, path)} if table else None,
    )


def list_response(
    read: RequestContext,
    items: Sequence[bytes],
    *,
    limit: int,
    total: int,
    following: str | None,
    facets: Sequence[Mapping[str, Any]] = (),
    alternates: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    marked: bool = True,
) -> Response:
    """A list as an answer, with its Link header. `marked`: marks in it may have to become links."""
    page = orjson.dumps({"limit": limit, "total": total, "next": following})
    body = b'{"items":[' + b",".join(items) + b'],"page":' + page + b',"facets":' + orjson.dumps(list(facets))
    if more:
        body += b"," + orjson.dumps(dict(more))[1:-1]
    links = [
        f'<{read.settings.link_base}{target}>; rel="alternate"; type="{kind}"'
        for kind, target in (alternates or {}).items()
    ]
    if following is not None:
        links.insert(0, f'<{_next_url(read, following)}>; rel="next"')
    return read.bytes_response(body + b"}", headers={"Link": ", ".join(links)} if links else None, has_links=marked)


def _next_url(read: RequestContext, following: str) -> str:
    scope = read.request.scope
    query = scope["query_string"].decode("latin-1")
    path = scope["path"].removeprefix(read.settings.path_prefix) if read.settings.path_prefix else scope["path"]
    query = _without_params(query, {"cursor"})
    return f"{read.settings.link_base}{quote(path)}?{query}{'&' if query else ''}cursor={following}"


def _csv_url(read: RequestContext, path: str) -> str:
    query = _without_params(read.request.scope["query_string"].decode("latin-1"), {"cursor", "limit", "facet"})
    return f"/v1/{path}.csv{'?' if query else ''}{query}"


def _without_params(query: str, names: Collection[str]) -> str:
    """A query without some parameters, and as it was sent where it may stand in a header so."""
    if _PLAIN_QUERY.fullmatch(query):
        return "&".join([part for part in query.split("&") if part and unquote(part.partition("=")[0]) not in names])
    return urlencode([pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] not in names])


def _count_facet(read: RequestContext, selection: FilteredList, name: str) -> dict[str, Any]:
    """Counts of one facet, leaving out its own filter."""
    others = _signature(selection.path, selection.filters.without(name), DEFAULT_ORDER)
    counts = read.cached(("facet", name, others), lambda: count_facet(selection, name))
    selected = _selected_values(selection.filters, name)
    labels = _LABELS.get(name, _YES_NO)
    if name in _RECORDS:
        labels = names_by_slug(read, name)
    values = [
        {"value": value, "label": labels.get(value, value), "count": count, "selected": value in selected}
        for value, count in counts
    ]
    return {"name": name, "values": values}


def _selected_values(filters: Filters, name: str) -> set[str]:
    found: set[str] = set()
    for facet, values in filters.facets.items():
        if facet == name:
            found.update(values)
        elif facet.split(":")[0] == name:
            found.update(value.split(" ")[0] for value in values)
    return found


def _signature(path: str, filters: Filters, order: SortOrder) -> str:
    facets = sorted((name, sorted(values)) for name, values in filters.facets.items())
    what = [path, facets, filters.min_relief_days, filters.updated_since, filters.slugs, order.sort, order.reverse]
    return hashlib.blake2b(orjson.dumps(what), digest_size=6).hexdigest()


def encode_cursor(revision: str, version: str, signature: str, position: int | str) -> str:
    """An opaque cursor: which release, which list, after which row."""
    text = f"{revision}|{version}|{signature}|{position}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, revision: str, version: str, signature: str) -> int:
    """The position a cursor names. BadCursor, ReleaseGone or ReplicaBehind when it does not fit."""
    place = int(decode_cursor_payload(cursor, revision, version, signature, shape=r"[0-9]{1,10}"))
    if place > 2**31:
        wrong = FieldError("cursor", cursor[:200], "made for another list, filter or sort")
        raise InvalidCursor("The cursor belongs to another list, filter or sort.", errors=(wrong,))
    return place


def decode_cursor_payload(cursor: str, revision: str, version: str, signature: str, *, shape: str) -> str:
    """The place a cursor names, a position or a key of this shape (a regular expression); refused as by `open_cursor`."""
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        its_revision, its_version, its_signature, place = text.split("|")
    except (binascii.Error, UnicodeError, ValueError):
        place = ""
    if not re.fullmatch(shape, place):
        wrong = FieldError("cursor", cursor[:200], "not a cursor of this service")
        raise InvalidCursor("The cursor cannot be read.", errors=(wrong,))
    if its_revision != revision:
        if version_tuple(its_version) > version_tuple(version):
            raise ReplicaBehind(
                f"The cursor is of release {its_version}; this server still has {version}.", retry_after=2
            )
        wrong = FieldError("cursor", cursor[:200], f"of release {its_version}; the current one is {version}")
        raise ReleaseMismatch("The cursor is of an earlier release: start again without it.", errors=(wrong,))
    if its_signature != signature:
        wrong = FieldError("cursor", cursor[:200], "made for another list, filter or sort")
        raise InvalidCursor("The cursor belongs to another list, filter or sort.", errors=(wrong,))
    return place


def version_tuple(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("+")[0].split(".") if part.isdigit() and part.isascii())
