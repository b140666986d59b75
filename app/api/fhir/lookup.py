"""From ids, names and canonical addresses of FHIR to slugs and claims; and pages of what was found."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import urlencode

import orjson
from fastapi import Response

from app.api.fhir.params import FhirSearch, NamedSearch, parse_tokens, reject_param
from app.domain.json import Json
from app.errors import InvalidCursor, FieldError, NotFound, ReleaseMismatch, ReplicaBehind, TooCostly
from app.formats.fhir.bundles import searchset
from app.formats.fhir.identifiers import (
    BASE_PATH,
    MAX_ID_LENGTH,
    RESOURCE_BY_RECORD_TYPE,
    URN_BASE,
    get_record_resource_id,
    to_fhir_id,
)
from app.http.context import RequestContext
from app.http.operation_outcome import MEDIA_TYPE
from app.http.pagination import encode_cursor, decode_cursor_payload
from app.http.redirects import Redirect
from app.http.slug_resolution import explain_missing, names_by_slug
from app.queries.claims import list_long_claim_ids
from app.queries.name_lookup import list_slugs_by_name
from app.text.nearest import find_nearest
from app.text.normalize import normalize

# A name that more records have is no search but a walk through all of them.
MAX_NAME_MATCHES: Final = 1_000


def resource_response(read: RequestContext, resource: Json) -> Response:
    """A resource as an answer."""
    return read.json_response(resource, media_type=MEDIA_TYPE.decode())


def get_slugs_by_fhir_id(read: RequestContext, kind: str) -> dict[str, str]:
    """FHIR id -> slug, for a type of record."""
    return read.cached(
        ("fhir ids", kind), lambda: {get_record_resource_id(kind, slug)[1]: slug for slug in names_by_slug(read, kind)}
    )


def resolve_record_id(read: RequestContext, kinds: Sequence[str], asked: str) -> tuple[str, str]:
    """Type and slug of the record with this id. Redirect from a known name; NotFound with the nearest ids."""
    for kind in kinds:
        if slug := get_slugs_by_fhir_id(read, kind).get(asked):
            return kind, slug
    resource = RESOURCE_BY_RECORD_TYPE[kinds[0]][0]
    for kind in kinds:
        prefix = RESOURCE_BY_RECORD_TYPE[kind][1]
        if not asked.startswith(prefix):
            continue
        error = explain_missing(read, kind, asked.removeprefix(prefix))
        if isinstance(error, Redirect):
            raise Redirect(asked, get_record_resource_id(kind, error.slug)[1], permanent=error.permanent)
        if not isinstance(error, NotFound):
            raise error
    known = [one for kind in kinds for one in get_slugs_by_fhir_id(read, kind)]
    near = tuple(f"{resource}/{one}" for one in find_nearest(asked, known, limit=5))
    raise NotFound(f"No {resource} has the id {asked[:200]!r}.", suggestions=near)


def resolve_claim_id(read: RequestContext, asked: str) -> str:
    """Id of the claim that an id of FHIR stands for: itself, or the long one that was shortened."""
    long = read.cached(
        ("fhir claims",), lambda: {to_fhir_id(one): one for one in list_long_claim_ids(read.connection, MAX_ID_LENGTH)}
    )
    return long.get(asked, asked)


def parse_canonical_id(resource: str, url: str) -> str:
    """The id in a canonical address of this service; a text that no id is where it is not one."""
    return (
        url.partition("|")[0].removeprefix(f"{URN_BASE}:{resource}:")
        if url.startswith(f"{URN_BASE}:{resource}:")
        else " "
    )


def find_slugs(read: RequestContext, kind: str, params: NamedSearch) -> tuple[str, ...] | None:
    """Slugs that the id, names, address and identifier of a search leave; None: they leave all."""
    left: list[set[str]] = []
    ids = get_slugs_by_fhir_id(read, kind)
    for asked in (
        parse_tokens("_id", params.id),
        (parse_canonical_id(RESOURCE_BY_RECORD_TYPE[kind][0], params.url),) if params.url else None,
    ):
        if asked is not None:
            left.append({ids[one] for one in asked if one in ids})
    if (wanted := parse_tokens("identifier", params.identifier)) is not None:
        left.append(set(wanted))
    for name, how, text in (
        ("name", "starts", params.name),
        ("name:contains", "contains", params.name_contains),
        ("name:exact", "exact", params.name_exact),
        ("title", "starts", params.title),
    ):
        if text is not None:
            left.append(_find_slugs_by_name(read, kind, name, how, text))
    return tuple(sorted(set.intersection(*left))) if left else None


def _find_slugs_by_name(read: RequestContext, kind: str, name: str, how: str, text: str) -> set[str]:
    folded = normalize(text)
    if not folded:
        reject_param(name, text, "nothing to look for: write at least one letter or digit")
    found = list_slugs_by_name(read.connection, kind, folded, match=how, limit=MAX_NAME_MATCHES + 1)
    if len(found) > MAX_NAME_MATCHES:
        raise TooCostly(
            f"{name}: more than {MAX_NAME_MATCHES} records have a name like {text[:80]!r}: write more of it."
        )
    return set(found)


def get_search_signature(read: RequestContext, resource: str) -> str:
    """Which search this is: its resource type and its parameters, but for the page."""
    left = {"_cursor", "_count", "_format"}
    asked = sorted(pair for pair in read.request.query_params.multi_items() if pair[0] not in left)
    return hashlib.blake2b(orjson.dumps([resource, asked]), digest_size=6).hexdigest()


def decode_page_cursor(read: RequestContext, resource: str, params: FhirSearch, *, shape: str) -> str | None:
    """The place after which this page begins; None: it is the first."""
    if params.cursor is None:
        return None
    release = read.release
    try:
        return decode_cursor_payload(
            params.cursor, release.revision, release.version, get_search_signature(read, resource), shape=shape
        )
    except (InvalidCursor, ReleaseMismatch, ReplicaBehind) as error:
        # The parameter is called otherwise here.
        error.errors = tuple(FieldError("_cursor", one.value, one.message) for one in error.errors)
        raise


def bundle_response(
    read: RequestContext,
    resource: str,
    *,
    total: int,
    found: Sequence[Json] = (),
    included: Iterable[Json] = (),
    following: str | None = None,
) -> Response:
    """A page of a search, with the links to itself and to the next page."""
    release, asked = read.release, read.request.query_params.multi_items()
    links = [("self", _build_search_url(resource, asked))]
    if following is not None:
        cursor = encode_cursor(release.revision, release.version, get_search_signature(read, resource), following)
        kept = [pair for pair in asked if pair[0] != "_cursor"]
        links.append(("next", _build_search_url(resource, [*kept, ("_cursor", cursor)])))
    return resource_response(read, searchset(BASE_PATH, total=total, found=found, included=included, links=links))


def _build_search_url(resource: str, asked: list[tuple[str, str]]) -> str:
    return f"{BASE_PATH}/{resource}{'?' + urlencode(asked) if asked else ''}"
