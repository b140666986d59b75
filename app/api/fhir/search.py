"""Search over /fhir: every resource type has an index of its resources with the values of its search parameters.

An index is built once per release. A search filters, sorts and pages it, and only the resources of the page are built.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import orjson
from fastapi import Response

from app.api.fhir import params as fhir_params
from app.api.fhir.params import SearchParam, SearchParams, parse_name, reject_param, split_alternatives
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.errors import FieldError, InvalidCursor, NotFound, ReleaseMismatch, ReplicaBehind
from app.formats.fhir.elements import BASE_URL, system_url
from app.formats.fhir.r4 import to_r4
from app.formats.fhir.subsets import select_elements
from app.http.codes import UnknownCode, get_content_code_map
from app.http.context import RequestContext, resolve_links
from app.http.operation_outcome import MEDIA_TYPE
from app.http.pagination import decode_cursor_payload, encode_cursor
from app.text.nearest import find_nearest
from app.text.normalize import normalize

CURSOR_PATTERN: Final = r"[0-9]{1,9}"
PUBLICATION_STATUS: Final = "http://hl7.org/fhir/publication-status"


class IndexEntry(NamedTuple):
    """Resource in an index: id, key of what it is built from, and the values of its search parameters.

    A token is (system, code), a URI (URL, version), a string (text, normalized text), a reference `Type/id`.
    """

    fhir_id: str
    key: Any
    values: Mapping[str, Sequence[Any]]


class ResourceIndex(NamedTuple):
    """Searchable resources of a type in their default order, and how a page of them is built."""

    entries: Sequence[IndexEntry]
    # Documents of keys, and resources of documents.
    load: Callable[[RequestContext, Sequence[Any]], list[Any]]
    build: Callable[[RequestContext, Sequence[Any]], list[Json]]
    # Value of `_include` -> keys of the records that a document refers to, and what builds their resources.
    related: Mapping[str, Callable[[Json], Iterable[tuple[str, str]]]] = MappingProxyType({})
    build_related: Callable[[RequestContext, Sequence[tuple[str, str]]], list[Json]] = lambda _, __: []


def list_texts(*texts: str) -> list[tuple[str, str]]:
    """Values of a string parameter."""
    return [(text, normalize(text)) for text in texts]


def resource_response(ctx: RequestContext, resource: Json, params: SearchParams | None = None) -> Response:
    """Build the response for one resource, or for the part of it that the parameters of a read select."""
    if params is not None:
        resource = select_elements(resource, params["_summary"], _list_elements(params))
    if is_r4(ctx):
        resource = to_r4(resource)
    body = resolve_links(ctx.settings, orjson.dumps(resource), ctx.settings.absolute_base)
    return ctx.bytes_response(body, media_type=MEDIA_TYPE.decode(), has_links=False)


def _list_elements(params: SearchParams) -> list[str]:
    return split_alternatives("_elements", params["_elements"]) if params["_elements"] else []


def build_unknown_id_error(resource_type: str, fhir_id: str, suggestions: Iterable[str]) -> NotFound:
    """Build the error for an unknown id; `suggestions` are ids of the same resource type."""
    return NotFound(
        f"Unknown {resource_type} {fhir_id[:200]!r}.",
        suggestions=tuple(f"{resource_type}/{suggestion}" for suggestion in suggestions),
    )


def _matches_token(ctx: RequestContext, row: SearchParam, text: str) -> Callable[[Any], bool]:
    system, bar, code = text.partition("|")
    if not bar:
        system, code = "", text
    coded_records = set()
    if code and row.has_code_map:
        try:
            code_map = get_content_code_map(ctx)
            records = code_map.list_records(code_map.parse(text if system else code))
        except UnknownCode:
            records = []
        coded_records = {
            (system_url(RECORD_TYPES[record.record_type].fhir_system), record.slug)
            for record in records
            if record.relation != "related"
        }
    return lambda token: (
        (
            token[1] == code
            if not bar
            # `|code` is a code without a system.
            else token == (system, code)
            if code
            else bool(system) and token[0] == system
        )
        or token in coded_records
    )


def _matches_string(row: SearchParam, modifier: str, text: str) -> Callable[[Any], bool]:
    if modifier == "exact":
        return lambda value: bool(value[0] == text)
    part = parse_name(row.name, text)
    if modifier == "contains":
        return lambda value: part in value[1]
    return lambda value: bool(value[1].startswith(part))


def _matches_uri(text: str) -> Callable[[Any], bool]:
    url, bar, version = text.partition("|")
    return lambda value: value[0] == url and (not bar or value[1] == version)


def _matches_reference(ctx: RequestContext, text: str) -> Callable[[Any], bool]:
    reference = text.removeprefix(f"{ctx.settings.absolute_base}/fhir/").partition("/_history/")[0]
    if "/" in reference:
        return lambda value: value == reference
    return lambda value: value.endswith(f"/{reference}")


def _build_matcher(ctx: RequestContext, row: SearchParam, modifier: str, text: str) -> Callable[[Any], bool]:
    match row.type:
        case "token":
            return _matches_token(ctx, row, text)
        case "string":
            return _matches_string(row, modifier, text)
        case "uri":
            return _matches_uri(text)
    return _matches_reference(ctx, text)


def filter_entries(
    ctx: RequestContext, entries: Sequence[IndexEntry], rows: Sequence[SearchParam], params: SearchParams
) -> list[IndexEntry]:
    """Entries that match every parameter each time that it was sent, by any of its alternatives. Raises InvalidParameter."""
    for row in rows:
        for modifier in ("", *fhir_params.STRING_MODIFIERS):
            name = f"{row.name}:{modifier}" if modifier else row.name
            for text in params.get(name, ()):
                matchers = [_build_matcher(ctx, row, modifier, part) for part in split_alternatives(name, text)]
                entries = [
                    entry
                    for entry in entries
                    if any(matches(value) for value in entry.values.get(row.name, ()) for matches in matchers)
                ]
    return list(entries)


def sort_entries(entries: list[IndexEntry], rows: Sequence[SearchParam], sort: str | None) -> list[IndexEntry]:
    """Sort by search parameters; what has no value comes last. Raises InvalidParameter."""
    names = {row.name for row in rows}
    for key in reversed(split_alternatives("_sort", sort) if sort else []):
        name = key.removeprefix("-")
        if name not in names:
            reject_param("_sort", key, f"known: {', '.join(sorted(names))}", find_nearest(name, names, limit=3))
        with_value = [entry for entry in entries if entry.values.get(name)]
        without_value = [entry for entry in entries if not entry.values.get(name)]
        with_value.sort(key=lambda entry: min(_sort_key(value) for value in entry.values[name]), reverse=key != name)
        entries = [*with_value, *without_value]
    return entries


def _sort_key(value: Any) -> Any:  # noqa: ANN401 - any value of an entry
    return (value[1], value[0]) if isinstance(value, tuple) else value


def search_response(
    ctx: RequestContext,
    resource_type: str,
    index: ResourceIndex,
    rows: Sequence[SearchParam],
    params: SearchParams,
) -> Response:
    """Build the response for one page of a search: a Bundle with links to this page and the next one."""
    after = _decode_page_cursor(ctx, resource_type, params)
    elements = _list_elements(params)
    matches = sort_entries(filter_entries(ctx, index.entries, rows, params), rows, params["_sort"])
    count = 0 if params["_summary"] == "count" else min(params["_count"], fhir_params.MAX_COUNT)
    documents = index.load(ctx, [entry.key for entry in matches[after : after + count]])
    include = params.get("_include", ())
    related = dict.fromkeys(
        key
        for name, list_keys in index.related.items()
        if name in include or "*" in include
        for key in sorted({key for document in documents for key in list_keys(document)})
    )
    resources, included = index.build(ctx, documents), index.build_related(ctx, list(related))
    query = [
        (name, str(count) if name == "_count" and params["_summary"] != "count" else value)
        for name, value in ctx.request.query_params.multi_items()
    ]
    links = [{"relation": "self", "url": _build_search_url(ctx, resource_type, query)}]
    if count and len(matches) > after + count:
        signature = _get_search_signature(ctx, resource_type)
        cursor = encode_cursor(ctx.release.revision, ctx.release.version, signature, str(after + count))
        query = [*(pair for pair in query if pair[0] != "_cursor"), ("_cursor", cursor)]
        links.append({"relation": "next", "url": _build_search_url(ctx, resource_type, query)})
    entries = [
        {
            "fullUrl": f"{_get_base_url(ctx)}/{resource['resourceType']}/{resource['id']}",
            "resource": select_elements(resource, params["_summary"], elements),
            "search": {"mode": mode},
        }
        for mode, page_resources in (("match", resources), ("include", included))
        for resource in page_resources
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset"}
    if params["_total"] != "none" or not count:
        bundle["total"] = len(matches)
    return resource_response(ctx, bundle | {"link": links} | ({"entry": entries} if entries else {}))


def _get_search_signature(ctx: RequestContext, resource_type: str) -> str:
    """Hash that identifies a search: resource type and parameters, without the paging parameters."""
    paging = {"_cursor", "_count", "_format", "_pretty"}
    params = sorted(param for param in ctx.request.query_params.multi_items() if param[0] not in paging)
    return hashlib.blake2b(orjson.dumps([resource_type, params]), digest_size=6).hexdigest()


def _decode_page_cursor(ctx: RequestContext, resource_type: str, params: SearchParams) -> int:
    """Decode `_cursor` to the number of matches before the page.

    Raises InvalidCursor, NotLoaded, ReleaseMismatch or ReplicaBehind.
    """
    # A release mismatch comes before any error in the other parameters.
    release = ctx.release
    if (cursor := params["_cursor"]) is None:
        return 0
    signature = _get_search_signature(ctx, resource_type)
    try:
        return int(decode_cursor_payload(cursor, release.revision, release.version, signature, pattern=CURSOR_PATTERN))
    except (InvalidCursor, ReleaseMismatch, ReplicaBehind) as error:
        # The errors name the parameter of /v1.
        error.errors = tuple(FieldError("_cursor", field.value, field.message) for field in error.errors)
        raise


def is_r4(ctx: RequestContext) -> bool:
    """Whether the request is for FHIR R4."""
    return bool(ctx.request.scope["path"].startswith("/fhir/r4/"))


def _get_base_url(ctx: RequestContext) -> str:
    return f"{BASE_URL}/r4" if is_r4(ctx) else BASE_URL


def _build_search_url(ctx: RequestContext, resource_type: str, params: list[tuple[str, str]]) -> str:
    return f"{_get_base_url(ctx)}/{resource_type}{'?' + urlencode(params) if params else ''}"
