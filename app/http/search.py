"""The text index of the release that is being read, and what surrounds its hits."""

from functools import partial
from typing import Any

import orjson

from app.http.context import RequestContext, resolve_links
from app.queries.documents import find_claim, find_document
from app.search.explanations import explain
from app.search.index import Hit, SearchIndex, open_index
from app.search.red_flags import RedFlags, build_red_flags
from app.text.nearest import SuggestionIndex, find_nearest
from app.version import code_fingerprint


def get_index(read: RequestContext) -> SearchIndex:
    """The index of this revision: built once per box, opened once per worker."""
    return read.cached(("index",), lambda: _open_index(read))


def _open_index(read: RequestContext) -> SearchIndex:
    build = code_fingerprint().rpartition("-")[2]
    # Of the settings alone: the index outlives the request that opened it.
    links = partial(resolve_links, read.settings)
    return open_index(read.connection, read.settings.search_dir, read.release.revision, build, links)


def explain_hit(hit: Hit) -> str:
    """In words, why a record was found."""
    return explain(hit.matched_field, hit.matched_kind, hit.matched_text, exact=hit.exact)


def find_notices(read: RequestContext, text: str) -> list[Any]:
    """Cited warnings on the emergencies that the text describes, whole claims, each once."""
    flags = read.cached(("red flags",), lambda: _red_flags(read))
    wanted = flags.find_claims(text, get_index(read).word_frequency)
    return [orjson.loads(document) for claim in wanted if (document := find_claim(read.connection, claim))]


def _red_flags(read: RequestContext) -> RedFlags:
    return build_red_flags(orjson.loads(bytes(find_document(read.connection, "search", "red-flags") or b"[]")))


def suggest_names(read: RequestContext, text: str) -> list[str]:
    """Names nearest to a query that found nothing."""
    index = get_index(read)
    names = read.cached(("every name",), lambda: SuggestionIndex(row[1] for row in index.name_suffixes if row[2] != "patient_phrase"))
    return find_nearest(text, names, limit=5)
