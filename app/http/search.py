"""Search index of the release that a request reads, and what surrounds its hits."""

from functools import partial
from typing import Any

import orjson

from app.http.context import RequestContext, resolve_links
from app.queries.documents import find_claim, get_red_flags_json
from app.search.explanations import explain
from app.search.index import Hit, SearchIndex, open_index
from app.search.red_flags import RedFlags, build_red_flags
from app.text.nearest import SuggestionIndex, find_nearest
from app.version import code_fingerprint


def get_index(ctx: RequestContext) -> SearchIndex:
    """Search index of this revision: built once per host, opened once per worker."""
    return ctx.cached(("index",), lambda: _open_index(ctx))


def _open_index(ctx: RequestContext) -> SearchIndex:
    fingerprint = code_fingerprint().rpartition("-")[2]
    # Bound to the settings alone: the index outlives the request that opened it.
    links = partial(resolve_links, ctx.settings)
    return open_index(ctx.connection, ctx.settings.search_dir, ctx.release.revision, fingerprint, links)


def explain_hit(hit: Hit) -> str:
    """Why a record was found, in words."""
    return explain(hit.matched_field, hit.matched_kind, hit.matched_text, exact=hit.exact)


def find_notices(ctx: RequestContext, text: str) -> list[Any]:
    """Cited warnings about the emergencies that the text describes: whole claims, each once."""
    red_flags = ctx.cached(("red flags",), lambda: _load_red_flags(ctx))
    claim_ids = red_flags.find_claims(text, get_index(ctx).word_frequency)
    return [orjson.loads(claim) for claim_id in claim_ids if (claim := find_claim(ctx.connection, claim_id))]


def _load_red_flags(ctx: RequestContext) -> RedFlags:
    return build_red_flags(orjson.loads(bytes(get_red_flags_json(ctx.connection))))


def suggest_names(ctx: RequestContext, text: str) -> list[str]:
    """Names nearest to a query without hits."""
    suffixes = get_index(ctx).name_suffixes
    names = ctx.cached(
        ("suggestions",), lambda: SuggestionIndex(row[1] for row in suffixes if row[2] != "patient_phrase")
    )
    return find_nearest(text, names, limit=5)
