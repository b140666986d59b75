"""Resolution of FHIR ids, names and canonical URLs to slugs and claim ids; paging of search results."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from urllib.parse import urlencode

import orjson
from fastapi import Response

from app.api.fhir.params import NO_LETTER_OR_DIGIT, FhirSearch, NamedSearch, parse_tokens, reject_param
from app.domain.json import Json
from app.errors import FieldError, InvalidCursor, NotFound, ReleaseMismatch, ReplicaBehind, TooCostly
from app.formats.fhir.identifiers import (
    BASE_PATH,
    MAX_ID_LENGTH,
    RESOURCE_BY_RECORD_TYPE,
    canonical_url,
    get_record_resource_id,
    to_fhir_id,
)
from app.http.context import RequestContext
from app.http.operation_outcome import MEDIA_TYPE
from app.http.pagination import decode_cursor_payload, encode_cursor
from app.http.redirects import Redirect
from app.http.slug_resolution import build_missing_record_error, names_by_slug
from app.queries.claims import list_long_claim_ids
from app.queries.name_resolution import list_slugs_by_name
from app.text.nearest import find_nearest
from app.text.normalize import normalize

# A name that matches more records than this would return most of the release.
MAX_NAME_MATCHES: Final = 1_000


def resource_response(ctx: RequestContext, resource: Json) -> Response:
    """Build the response for one resource."""
    return ctx.json_response(resource, media_type=MEDIA_TYPE.decode())


def get_slugs_by_fhir_id(ctx: RequestContext, record_type: str) -> dict[str, str]:
    """Map the FHIR id of every record of a type to its slug."""
    return ctx.cached(
        ("fhir ids", record_type),
        lambda: {get_record_resource_id(record_type, slug)[1]: slug for slug in names_by_slug(ctx, record_type)},
    )


def resolve_record_id(ctx: RequestContext, record_types: Sequence[str], fhir_id: str) -> tuple[str, str]:
    """Resolve a FHIR id to record type and slug.

    Raises Redirect if the id is a name or former slug of a record, else what `build_missing_record_error` returns, with FHIR ids as
    suggestions.
    """
    for record_type in record_types:
        if slug := get_slugs_by_fhir_id(ctx, record_type).get(fhir_id):
            return record_type, slug
    for record_type in record_types:
        prefix = RESOURCE_BY_RECORD_TYPE[record_type][1]
        if not fhir_id.startswith(prefix):
            continue
        error = build_missing_record_error(ctx, record_type, fhir_id.removeprefix(prefix))
        if isinstance(error, Redirect):
            raise Redirect(fhir_id, get_record_resource_id(record_type, error.slug)[1], permanent=error.permanent)
        if not isinstance(error, NotFound):
            raise error
    known = [known_id for record_type in record_types for known_id in get_slugs_by_fhir_id(ctx, record_type)]
    raise build_unknown_id_error(
        RESOURCE_BY_RECORD_TYPE[record_types[0]][0], fhir_id, find_nearest(fhir_id, known, limit=5)
    )


def build_unknown_id_error(resource_type: str, fhir_id: str, suggestions: Iterable[str]) -> NotFound:
    """Build the error for an unknown id; `suggestions` are ids of the same resource type."""
    return NotFound(
        f"Unknown {resource_type} {fhir_id[:200]!r}.",
        suggestions=tuple(f"{resource_type}/{suggestion}" for suggestion in suggestions),
    )


def resolve_claim_id(ctx: RequestContext, fhir_id: str) -> str:
    """Resolve a FHIR id to a claim id: they are equal unless the claim id was too long for FHIR."""
    long_ids = ctx.cached(
        ("fhir claims",),
        lambda: {to_fhir_id(claim_id): claim_id for claim_id in list_long_claim_ids(ctx.connection, MAX_ID_LENGTH)},
    )
    return long_ids.get(fhir_id, fhir_id)


def parse_canonical_id(resource_type: str, url: str) -> str:
    """Parse the id from a canonical URL, ignoring `|version`. A foreign URL gives a blank, which matches no id."""
    prefix = canonical_url(resource_type, "")
    return url.partition("|")[0].removeprefix(prefix) if url.startswith(prefix) else " "


def find_slugs(ctx: RequestContext, record_type: str, params: NamedSearch) -> tuple[str, ...] | None:
    """Find the slugs that match `_id`, `url`, `identifier` and all name parameters; None if none of them was sent."""
    matches: list[set[str]] = []
    slugs = get_slugs_by_fhir_id(ctx, record_type)
    url_id = (parse_canonical_id(RESOURCE_BY_RECORD_TYPE[record_type][0], params.url),) if params.url else None
    for fhir_ids in (parse_tokens("_id", params.id), url_id):
        if fhir_ids is not None:
            matches.append({slugs[fhir_id] for fhir_id in fhir_ids if fhir_id in slugs})
    if (identifiers := parse_tokens("identifier", params.identifier)) is not None:
        matches.append(set(identifiers))
    for parameter, match, text in (
        ("name", "starts", params.name),
        ("name:contains", "contains", params.name_contains),
        ("name:exact", "exact", params.name_exact),
        ("title", "starts", params.title),
    ):
        if text is not None:
            matches.append(_find_slugs_by_name(ctx, record_type, parameter, match, text))
    return tuple(sorted(set.intersection(*matches))) if matches else None


def _find_slugs_by_name(ctx: RequestContext, record_type: str, parameter: str, match: str, text: str) -> set[str]:
    normalized = normalize(text)
    if not normalized:
        reject_param(parameter, text, NO_LETTER_OR_DIGIT)
    slugs = list_slugs_by_name(ctx.connection, record_type, normalized, match=match, limit=MAX_NAME_MATCHES + 1)
    if len(slugs) > MAX_NAME_MATCHES:
        raise TooCostly(f"{parameter}: {text[:80]!r} matches more than {MAX_NAME_MATCHES} records; be more specific.")
    return set(slugs)


def get_search_signature(ctx: RequestContext, resource_type: str) -> str:
    """Hash that identifies a search: resource type and parameters, without the paging parameters."""
    paging = {"_cursor", "_count", "_format"}
    params = sorted(param for param in ctx.request.query_params.multi_items() if param[0] not in paging)
    return hashlib.blake2b(orjson.dumps([resource_type, params]), digest_size=6).hexdigest()


def count_once(ctx: RequestContext, resource_type: str, count: Callable[[], int]) -> int:
    """Count the matches of a search, once per release."""
    return ctx.cached(("fhir total", get_search_signature(ctx, resource_type)), count)


def decode_page_cursor(ctx: RequestContext, resource_type: str, params: FhirSearch, *, pattern: str) -> str | None:
    """Decode `_cursor` to the position after which the page begins; None for the first page.

    Raises InvalidCursor, NotLoaded, ReleaseMismatch or ReplicaBehind.
    """
    # A release mismatch comes before any error in the other parameters.
    release = ctx.release
    if params.cursor is None:
        return None
    signature = get_search_signature(ctx, resource_type)
    try:
        return decode_cursor_payload(params.cursor, release.revision, release.version, signature, pattern=pattern)
    except (InvalidCursor, ReleaseMismatch, ReplicaBehind) as error:
        # The errors name the parameter of /v1.
        error.errors = tuple(FieldError("_cursor", field.value, field.message) for field in error.errors)
        raise


def bundle_response(
    ctx: RequestContext,
    resource_type: str,
    *,
    total: int,
    matches: Sequence[Json] = (),
    included: Sequence[Json] = (),
    next_position: str | None = None,
) -> Response:
    """Build the response for one page of a search: a Bundle with links to this page and the next one."""
    release, params = ctx.release, ctx.request.query_params.multi_items()
    links = [{"relation": "self", "url": _build_search_url(resource_type, params)}]
    if next_position is not None:
        signature = get_search_signature(ctx, resource_type)
        cursor = encode_cursor(release.revision, release.version, signature, next_position)
        params = [*(param for param in params if param[0] != "_cursor"), ("_cursor", cursor)]
        links.append({"relation": "next", "url": _build_search_url(resource_type, params)})
    entries = [
        {
            "fullUrl": f"{BASE_PATH}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": mode},
        }
        for mode, resources in (("match", matches), ("include", included))
        for resource in resources
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    return resource_response(ctx, bundle | ({"entry": entries} if entries else {}))


def _build_search_url(resource_type: str, params: list[tuple[str, str]]) -> str:
    return f"{BASE_PATH}/{resource_type}{'?' + urlencode(params) if params else ''}"
