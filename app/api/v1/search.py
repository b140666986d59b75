"""Search, and suggestions while typing."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import Precondition, Reader, StrictRoute, many
from app.domain.values import Among
from app.errors import FieldError, InvalidParameter
from app.http.context import Reading
from app.http.pagination import make_cursor, open_cursor, respond
from app.http.search import index_of, notices_of, suggestions_for
from app.openapi.responses import answers
from app.queries.list_filter import Selection
from app.queries.lists import list_rows
from app.schemas.search import SearchPage, Suggestions
from app.search.explanations import lead, said
from app.search.index import NAMES, SUMMARY, TYPES, Entry, Hit, SearchIndex
from app.search.ranking import highlights, search
from app.search.suggestions import suggest
from app.text.normalize import fold

_LABELS = {name: name.replace("_", " ").capitalize() for name in TYPES}
router = APIRouter(tags=["search"], route_class=StrictRoute)
QueryText = Annotated[
    str, Field(min_length=1, max_length=200, description='Words, "phrases in quotes", names, what hurts.')
]


class SearchParams(Precondition):
    """A query."""

    q: QueryText
    type: list[Annotated[str, Among(dict.fromkeys(TYPES, ""))]] = many("Type of record.")
    limit: int = Field(default=20, ge=1, le=100, description="Rows of a page.")
    cursor: str = Field(default="", max_length=400, description="`page.next` of the page before; good for one release.")


class SuggestParams(Precondition):
    """What has been typed so far."""

    q: QueryText


def _checked(text: str) -> str:
    if not fold(text):
        message = "nothing to look for: write at least one letter or digit"
        raise InvalidParameter(f"q: {message}", errors=(FieldError("q", text[:200], message),))
    return text


@router.get("/search", response_model=SearchPage, responses=answers())
def search_everything(params: Annotated[SearchParams, Query()], read: Reader) -> Response:
    """Procedures, conditions, pain generators and risks, then guide pages, then sources: each with the reason it was found."""
    read.require(params.release)
    text, release = _checked(params.q), read.release
    index = index_of(read)
    understood, hits = search(index, text, tuple(params.type))
    after, end, following = 0, params.limit, None
    if params.cursor or end < len(hits):
        signature = f"search:{fold(text)}:{','.join(sorted(params.type))}"
        after = open_cursor(params.cursor, release.revision, release.version, signature) if params.cursor else 0
        end = after + params.limit
        following = make_cursor(release.revision, release.version, signature, end) if end < len(hits) else None
    interpreted = understood.interpreted
    more = {
        "interpreted": {
            "text": interpreted.text,
            "words": interpreted.words,
            "phrases": interpreted.phrases,
            "corrections": [{"written": one, "read": other} for one, other in interpreted.corrections],
            "expansions": [{"written": one, "read": other} for one, other in interpreted.expansions],
            "ignored": interpreted.ignored,
        },
        "notices": orjson.Fragment(read.linked(orjson.dumps(notices))) if (notices := notices_of(read, text)) else [],
        "related": _related(read, hits) if not after else [],
        "suggestions": [] if hits else suggestions_for(read, text),
    }
    return respond(
        read,
        [_item(hit) for hit in hits[after:end]],
        limit=params.limit,
        total=len(hits),
        following=following,
        facets=[_facet_of_types(index, text, hits, params.type)],
        more=more,
        # The parts are linked where they were made: the text of the query stands as it was sent.
        marked=False,
    )


def _facet_of_types(index: SearchIndex, text: str, hits: list[Hit], chosen: Sequence[str]) -> dict[str, Any]:
    """How many records of each type were found, leaving out the choice of types."""
    # What other types have is asked once more without it.
    counts = dict(Counter([hit.entry.type for hit in (search(index, text)[1] if chosen else hits)]))
    # More are looked at of types that are chosen.
    counts.update({name: sum([hit.entry.type == name for hit in hits]) for name in chosen})
    return {
        "name": "type",
        "values": [
            {"value": name, "label": label, "count": counts[name], "selected": name in chosen}
            for name, label in _LABELS.items()
            if name in counts
        ],
    }


def _item(hit: Hit) -> bytes:
    entry, present, name = hit.entry, hit.present, hit.name
    marks = _marks(entry, present)
    if hit.field == "names" and hit.text != entry.name:
        more = _marked(hit.text, name.lead if name else lead("matched", hit.text), present)
        marks = b",".join((marks, more)) if marks and more else marks or more
    why = name.said if name else said(hit.field, hit.kind, hit.text, exact=hit.exact)
    return b'%b,"highlights":[%b],%b,"links":%b}' % (entry.head, marks, why, entry.links)


def _marks(entry: Entry, present: Sequence[str]) -> bytes:
    """Where words with these stems stand in the name and the summary."""
    alone = present[0] if len(present) == 1 else ""
    if (known := entry.shown.get(alone)) is not None:
        return known
    made = b",".join([mark for text, begun in entry.marked if (mark := _marked(text, begun, present))])
    # Kept for words of the names and the summary: few, and the same for every query.
    if entry.where.get(alone, 0) & (NAMES | SUMMARY):
        entry.shown[alone] = made
    return made


def _marked(text: str, begun: bytes, present: Sequence[str]) -> bytes:
    spans = highlights(text, present)
    return (
        begun + b',"ranges":[' + b",".join([b'{"from":%d,"to":%d}' % span for span in spans]) + b"]}" if spans else b""
    )


def _related(read: Reading, hits: list[Hit]) -> list[orjson.Fragment]:
    """Procedures of the condition or pain generator that the query names, each with the reason."""
    named = next((hit for hit in hits if hit.entry.type in {"condition", "pain_generator"}), None)
    if named is None or named.field != "names" or not (named.exact or named.score >= 80):
        return []
    folder = "conditions" if named.entry.type == "condition" else "pain-generators"
    words = "indicated for" if named.entry.type == "condition" else "acts on"
    path = f"{folder}/{named.entry.slug}/procedures"
    rows = read.once(
        ("related", path),
        lambda: [
            read.linked(row.shown)[:-1] for row in list_rows(Selection(read.connection, path), after=None, limit=10)
        ],
    )
    said = named.text if named.exact else named.entry.name
    because = b',"because":' + orjson.dumps(f"{words} {said}") + b"}"
    return [orjson.Fragment(row + because) for row in rows]


@router.get("/suggest", response_model=Suggestions, responses=answers())
def suggest_names(params: Annotated[SuggestParams, Query()], read: Reader) -> Response:
    """Names of every kind that begin so, else the nearest ones; at most ten."""
    read.require(params.release)
    found = suggest(index_of(read), _checked(params.q))
    return read.dump(
        {
            "items": [
                {"text": text, "kind": kind, "type": type_, "slug": slug, "name": name}
                for text, kind, type_, slug, name in found
            ]
        }
    )
