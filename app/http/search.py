"""The text index of the release that is being read, and what surrounds its hits."""

from functools import partial
from typing import Any

import orjson

from app.http.context import Reading, linked
from app.queries.documents import find_claim, find_document
from app.search.explanations import because
from app.search.index import Hit, SearchIndex, open_index
from app.search.red_flags import RedFlags, red_flags
from app.text.nearest import Choices, nearest
from app.version import build_id


def index_of(read: Reading) -> SearchIndex:
    """The index of this revision: built once per box, opened once per worker."""
    return read.once(("index",), lambda: _open_index(read))


def _open_index(read: Reading) -> SearchIndex:
    build = build_id().rpartition("-")[2]
    # Of the settings alone: the index outlives the request that opened it.
    links = partial(linked, read.settings)
    return open_index(read.connection, read.settings.search_dir, read.release.revision, build, links)


def because_of(hit: Hit) -> str:
    """In words, why a record was found."""
    return because(hit.field, hit.kind, hit.text, exact=hit.exact)


def notices_of(read: Reading, text: str) -> list[Any]:
    """Cited warnings on the emergencies that the text describes, whole claims, each once."""
    flags = read.once(("red flags",), lambda: _red_flags(read))
    wanted = flags.claims(text, index_of(read).spelled)
    return [orjson.loads(document) for claim in wanted if (document := find_claim(read.connection, claim))]


def _red_flags(read: Reading) -> RedFlags:
    return red_flags(orjson.loads(bytes(find_document(read.connection, "search", "red-flags") or b"[]")))


def suggestions_for(read: Reading, text: str) -> list[str]:
    """Names nearest to a query that found nothing."""
    index = index_of(read)
    names = read.once(("every name",), lambda: Choices(row[1] for row in index.starts if row[2] != "patient_phrase"))
    return nearest(text, names, most=5)
