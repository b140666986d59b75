"""Parts that all searches and reads of /fhir share: ids and canonical URLs, cursors, and responses."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlencode

import orjson
from fastapi import Response

from app.api.fhir.params import SearchParams, parse_tokens
from app.domain.json import Json
from app.errors import FieldError, InvalidCursor, NotFound, ReleaseMismatch, ReplicaBehind
from app.formats.fhir.elements import BASE_URL, canonical_url
from app.http.context import RequestContext, resolve_links
from app.http.operation_outcome import MEDIA_TYPE
from app.http.pagination import decode_cursor_payload, encode_cursor


def resource_response(ctx: RequestContext, resource: Json) -> Response:
    """Build the response for one resource."""
    body = resolve_links(ctx.settings, orjson.dumps(resource), ctx.settings.absolute_base)
    return ctx.bytes_response(body, media_type=MEDIA_TYPE.decode(), has_links=False)


def build_unknown_id_error(resource_type: str, fhir_id: str, suggestions: Iterable[str]) -> NotFound:
    """Build the error for an unknown id; `suggestions` are ids of the same resource type."""
    return NotFound(
        f"Unknown {resource_type} {fhir_id[:200]!r}.",
        suggestions=tuple(f"{resource_type}/{suggestion}" for suggestion in suggestions),
    )


def parse_canonical_id(resource_type: str, url: str) -> str:
    """Parse the id from a canonical URL, ignoring `|version`. A foreign URL gives a blank, which matches no id."""
    prefix = canonical_url(resource_type, "")
    return url.partition("|")[0].removeprefix(prefix) if url.startswith(prefix) else " "


def list_matching_names(resource_type: str, params: SearchParams, resolve: Callable[[str], str]) -> list[set[str]]:
    """List the names that match `_id`, `url` and `identifier`: a set for each parameter that was sent.

    Names are slugs, claim ids or names of code systems; `resolve` converts a FHIR id to the name.
    """
    fhir_ids = [parse_tokens(params, "_id")]
    if url := params.get("url"):
        fhir_ids.append((parse_canonical_id(resource_type, url),))
    matches = [{resolve(fhir_id) for fhir_id in ids} for ids in fhir_ids if ids is not None]
    identifiers = parse_tokens(params, "identifier")
    return matches if identifiers is None else [*matches, set(identifiers)]


def intersect(matches: Sequence[set[str]]) -> tuple[str, ...] | None:
    """Names that are in every set, in order; None if there is no set."""
    return tuple(sorted(set.intersection(*matches))) if matches else None


def get_search_signature(ctx: RequestContext, resource_type: str) -> str:
    """Hash that identifies a search: resource type and parameters, without the paging parameters."""
    paging = {"_cursor", "_count", "_format"}
    params = sorted(param for param in ctx.request.query_params.multi_items() if param[0] not in paging)
    return hashlib.blake2b(orjson.dumps([resource_type, params]), digest_size=6).hexdigest()


def count_once(ctx: RequestContext, resource_type: str, count: Callable[[], int]) -> int:
    """Count the matches of a search, once per release."""
    return ctx.cached_by_request(("fhir total", get_search_signature(ctx, resource_type)), count)


def decode_page_cursor(ctx: RequestContext, resource_type: str, params: SearchParams, *, pattern: str) -> str | None:
    """Decode `_cursor` to the position after which the page begins; None for the first page.

    Raises InvalidCursor, NotLoaded, ReleaseMismatch or ReplicaBehind.
    """
    # A release mismatch comes before any error in the other parameters.
    release = ctx.release
    if (cursor := params["_cursor"]) is None:
        return None
    signature = get_search_signature(ctx, resource_type)
    try:
        return decode_cursor_payload(cursor, release.revision, release.version, signature, pattern=pattern)
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
            "fullUrl": f"{BASE_URL}/{resource['resourceType']}/{resource['id']}",
            "resource": resource,
            "search": {"mode": mode},
        }
        for mode, resources in (("match", matches), ("include", included))
        for resource in resources
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": total, "link": links}
    return resource_response(ctx, bundle | ({"entry": entries} if entries else {}))


def _build_search_url(resource_type: str, params: list[tuple[str, str]]) -> str:
    return f"{BASE_URL}/{resource_type}{'?' + urlencode(params) if params else ''}"
