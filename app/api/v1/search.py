"""Search, and suggestions while typing."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import ReleaseParams, Context, StrictRoute, repeatable
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext
from app.http.pagination import encode_cursor, decode_cursor, list_response
from app.http.search import get_index, find_notices, suggest_names
from app.openapi.responses import error_responses
from app.queries.list_filter import FilteredList
from app.queries.lists import list_rows
from app.schemas.search import SearchPage, Suggestions
from app.search.explanations import highlight_prefix, explain_json
from app.search.index import IN_NAMES, IN_SUMMARY, SEARCHED_TYPES, IndexedRecord, Hit, SearchIndex
from app.search.ranking import find_highlights, search
from app.search.suggestions import find_suggestions
from app.text.normalize import normalize

_LABELS = {name: name.replace("_", " ").capitalize() for name in SEARCHED_TYPES}
router = APIRouter(tags=["search"], route_class=StrictRoute)
QueryText = Annotated[
    str, Field(min_length=1, max_length=200, description='Words, "phrases in quotes", names, what hurts.')
]


class SearchParams(ReleaseParams):
    """A query."""

    q: QueryText
    type: list[Annotated[str, OpenEnum(dict.fromkeys(SEARCHED_TYPES, ""))]] = repeatable("Type of record.")
    limit: int = Field(default=20, ge=1, le=100, description="Rows of a page.")
    cursor: str = Field(default="", max_length=400, description="`page.next` of the page before; good for one release.")


class SuggestParams(ReleaseParams):
    """What has been typed so far."""

    q: QueryText


def _checked(text: str) -> str:
    if not normalize(text):
        message = "nothing to look for: write at least one letter or digit"
        raise InvalidParameter(f"q: {message}", errors=(FieldError("q", text[:200], message),))
    return text


@router.get("/search", response_model=SearchPage, responses=error_responses())
def search_everything(params: Annotated[SearchParams, Query()], ctx: Context) -> Response:
    """Procedures, conditions, pain generators and risks, then guide pages, then sources: each with the reason it was found."""
    ctx.check_release(params.release)
    text, release = _checked(params.q), ctx.release
    index = get_index(ctx)
    understood, hits = search(index, text, tuple(params.type))
    after, end, following = 0, params.limit, None
    if params.cursor or end < len(hits):
        signature = f"search:{normalize(text)}:{','.join(sorted(params.type))}"
        after = decode_cursor(params.cursor, release.revision, release.version, signature) if params.cursor else 0
        end = after + params.limit
        following = encode_cursor(release.revision, release.version, signature, end) if end < len(hits) else None
    interpreted = understood.interpretation
    more = {
        "interpreted": {
            "text": interpreted.text,
            "words": interpreted.words,
            "phrases": interpreted.phrases,
            "corrections": [{"written": one, "read": other} for one, other in interpreted.corrections],
            "expansions": [{"written": one, "read": other} for one, other in interpreted.expansions],
            "ignored": interpreted.ignored,
        },
        "notices": orjson.Fragment(ctx.resolve_links(orjson.dumps(notices))) if (notices := find_notices(ctx, text)) else [],
        "related": _related(ctx, hits) if not after else [],
        "suggestions": [] if hits else suggest_names(ctx, text),
    }
    return list_response(
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
    counts = dict(Counter([hit.record.type for hit in (search(index, text)[1] if chosen else hits)]))
    # More are looked at of types that are chosen.
    counts.update({name: sum([hit.record.type == name for hit in hits]) for name in chosen})
    return {
        "name": "type",
        "values": [
            {"value": name, "label": label, "count": counts[name], "selected": name in chosen}
            for name, label in _LABELS.items()
            if name in counts
        ],
    }


def _item(hit: Hit) -> bytes:
    entry, present, name = hit.record, hit.matched_stems, hit.matched_name
    marks = _marks(entry, present)
    if hit.matched_field == "names" and hit.matched_text != entry.name:
        more = _marked(hit.matched_text, name.highlight_prefix if name else highlight_prefix("matched", hit.matched_text), present)
        marks = b",".join((marks, more)) if marks and more else marks or more
    why = name.explanation_json if name else explain_json(hit.matched_field, hit.matched_kind, hit.matched_text, exact=hit.exact)
    return b'%b,"highlights":[%b],%b,"links":%b}' % (entry.hit_prefix, marks, why, entry.links_json)


def _marks(entry: IndexedRecord, present: Sequence[str]) -> bytes:
    """Where words with these stems stand in the name and the summary."""
    alone = present[0] if len(present) == 1 else ""
    if (known := entry.highlight_cache.get(alone)) is not None:
        return known
    made = b",".join([mark for text, begun in entry.highlighted_texts if (mark := _marked(text, begun, present))])
    # Kept for words of the names and the summary: few, and the same for every query.
    if entry.field_masks.get(alone, 0) & (IN_NAMES | IN_SUMMARY):
        entry.highlight_cache[alone] = made
    return made


def _marked(text: str, begun: bytes, present: Sequence[str]) -> bytes:
    spans = find_highlights(text, present)
    return (
        begun + b',"ranges":[' + b",".join([b'{"from":%d,"to":%d}' % span for span in spans]) + b"]}" if spans else b""
    )


def _related(ctx: RequestContext, hits: list[Hit]) -> list[orjson.Fragment]:
    """Procedures of the condition or pain generator that the query names, each with the reason."""
    named = next((hit for hit in hits if hit.record.type in {"condition", "pain_generator"}), None)
    if named is None or named.matched_field != "names" or not (named.exact or named.score >= 80):
        return []
    folder = "conditions" if named.record.type == "condition" else "pain-generators"
    words = "indicated for" if named.record.type == "condition" else "acts on"
    path = f"{folder}/{named.record.slug}/procedures"
    rows = ctx.cached(
        ("related", path),
        lambda: [
            ctx.resolve_links(row.json)[:-1] for row in list_rows(FilteredList(ctx.connection, path), after=None, limit=10)
        ],
    )
    said = named.matched_text if named.exact else named.record.name
    because = b',"because":' + orjson.dumps(f"{words} {said}") + b"}"
    return [orjson.Fragment(row + because) for row in rows]


@router.get("/suggest", response_model=Suggestions, responses=error_responses())
def suggest_names(params: Annotated[SuggestParams, Query()], ctx: Context) -> Response:
    """Names of every kind that begin so, else the nearest ones; at most ten."""
    ctx.check_release(params.release)
    found = find_suggestions(get_index(ctx), _checked(params.q))
    return ctx.json_response(
        {
            "items": [
                {"text": text, "kind": kind, "type": type_, "slug": slug, "name": name}
                for text, kind, type_, slug, name in found
            ]
        }
    )
