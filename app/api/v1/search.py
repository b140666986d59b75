"""Search, and suggestions as the user types."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import orjson
from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Context, create_router
from app.api.parameters import PagingParams, ReleaseParams, repeatable
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext
from app.http.pagination import build_next_cursor, decode_cursor, list_response
from app.http.search import find_notices, search_records, suggest
from app.http.search import suggest_names as suggest_similar_names
from app.queries.list_filter import FilteredList
from app.queries.lists import list_rows
from app.schemas.search import SearchPage, Suggestions
from app.search.explanations import explain_json, highlight_prefix
from app.search.index import IN_NAMES, IN_SUMMARY, SEARCHED_TYPES, Hit, IndexedRecord
from app.search.ranking import find_highlights
from app.text.normalize import normalize

_LABELS = {name: name.replace("_", " ").capitalize() for name in SEARCHED_TYPES}
router = create_router("search")
TypeValue = Annotated[str, OpenEnum(dict.fromkeys(SEARCHED_TYPES, ""))]
QueryText = Annotated[
    str, Field(min_length=1, max_length=200, description='Words, "quoted phrases", names or symptoms.')
]


class SearchParams(PagingParams):
    """Parameters of a search."""

    q: QueryText
    type: list[TypeValue] = repeatable("Record type.")


class SuggestParams(ReleaseParams):
    """Parameters of suggestions for a partial query."""

    q: QueryText
    type: list[TypeValue] = repeatable("Record type.")
    limit: int = Field(default=10, ge=1, le=20, description="Maximum number of suggestions.")


def _require_searchable(text: str) -> str:
    if not normalize(text):
        message = "query must contain a letter or digit"
        raise InvalidParameter(f"q: {message}", errors=(FieldError("q", text[:200], message),))
    return text


@router.get("/search", response_model=SearchPage)
def search_everything(params: Annotated[SearchParams, Query()], ctx: Context) -> Response:
    """Procedures, conditions, pain generators and risks, then guide pages, then sources; each with the reason it matches."""
    text = _require_searchable(params.q)
    query, hits = search_records(ctx, text, tuple(params.type))
    after, end, next_cursor = 0, params.limit, None
    if params.cursor or end < len(hits):
        # The query as it was sent: quotes and spelling change the hits. Hashed, for it may be long.
        selection = orjson.dumps([text, sorted(set(params.type))])
        signature = f"search:{hashlib.blake2b(selection, digest_size=6).hexdigest()}"
        after = decode_cursor(ctx, params.cursor, signature) or 0
        end = after + params.limit
        next_cursor = build_next_cursor(ctx, signature, end if end < len(hits) else None)
    interpretation = query.interpretation
    extra_members = {
        "interpreted": {
            "text": interpretation.text,
            "words": interpretation.words,
            "phrases": interpretation.phrases,
            "corrections": [
                {"original": typed, "corrected": corrected} for typed, corrected in interpretation.corrections
            ],
            "expansions": [{"original": typed, "expanded": expanded} for typed, expanded in interpretation.expansions],
            "ignored": interpretation.ignored,
        },
        "notices": find_notices(ctx, text),
        "related": _list_related_procedures(ctx, hits) if not after else [],
        "suggestions": [] if hits else suggest_similar_names(ctx, text),
    }
    return list_response(
        ctx,
        [_render_hit(hit) for hit in hits[after:end]],
        limit=params.limit,
        total=len(hits),
        next_cursor=next_cursor,
        facets=[_build_type_facet(ctx, text, hits, params.type)],
        extra_members=extra_members,
        # Links are already resolved above. The echoed query must stay as it was sent.
        has_links=False,
    )


def _build_type_facet(ctx: RequestContext, text: str, hits: list[Hit], selected: Sequence[str]) -> dict[str, Any]:
    """Counts of matches per record type, ignoring the selected types."""
    # Only a search without the selection counts the other types.
    counts = dict(Counter([hit.record.type for hit in (search_records(ctx, text)[1] if selected else hits)]))
    # The search considers more candidates of a selected type, so its own count is the better one.
    counts.update({name: sum([hit.record.type == name for hit in hits]) for name in selected})
    return {
        "name": "type",
        "values": [
            {"value": name, "label": label, "count": counts[name], "selected": name in selected}
            for name, label in _LABELS.items()
            if name in counts
        ],
    }


def _render_hit(hit: Hit) -> bytes:
    record, stems, name = hit.record, hit.matched_stems, hit.matched_name
    highlights = _render_highlights(record, stems)
    if hit.matched_field == "names" and hit.matched_text != record.name:
        name_highlight = _render_highlight(
            hit.matched_text, name.highlight_prefix if name else highlight_prefix("matched", hit.matched_text), stems
        )
        highlights = b",".join(filter(None, (highlights, name_highlight)))
    explanation = (
        name.explanation_json
        if name
        else explain_json(hit.matched_field, hit.matched_kind, hit.matched_text, exact=hit.exact)
    )
    return b'%b,"highlights":[%b],%b,"links":%b}' % (record.hit_prefix, highlights, explanation, record.links_json)


def _render_highlights(record: IndexedRecord, stems: Sequence[str]) -> bytes:
    """JSON of the words with these stems in the name and the summary."""
    single_stem = stems[0] if len(stems) == 1 else ""
    if (cached := record.highlight_cache.get(single_stem)) is not None:
        return cached
    highlights = b",".join(
        [
            highlight
            for text, prefix in record.highlighted_texts
            if (highlight := _render_highlight(text, prefix, stems))
        ]
    )
    # Only words of the names and the summary are cached: they are few, and the same for every query.
    if record.field_masks.get(single_stem, 0) & (IN_NAMES | IN_SUMMARY):
        record.highlight_cache[single_stem] = highlights
    return highlights


def _render_highlight(text: str, prefix: bytes, stems: Sequence[str]) -> bytes:
    spans = find_highlights(text, stems)
    return (
        prefix + b',"ranges":[' + b",".join([b'{"from":%d,"to":%d}' % span for span in spans]) + b"]}" if spans else b""
    )


def _list_related_procedures(ctx: RequestContext, hits: list[Hit]) -> list[orjson.Fragment]:
    """Procedures of the condition or pain generator that the query names, each with the reason."""
    named_hit = next((hit for hit in hits if hit.record.type in {"condition", "pain_generator"}), None)
    if named_hit is None or named_hit.matched_field != "names" or not (named_hit.exact or named_hit.score >= 80):
        return []
    folder = PATH_BY_RECORD_TYPE[named_hit.record.type]
    relation = "indicated for" if named_hit.record.type == "condition" else "acts on"
    path = f"{folder}/{named_hit.record.slug}/procedures"
    rows = ctx.cached_by_request(
        ("related", path),
        lambda: [
            ctx.resolve_links(row.json)[:-1]
            for row in list_rows(FilteredList(ctx.transaction, path), after=None, limit=10)
        ],
    )
    name = named_hit.matched_text if named_hit.exact else named_hit.record.name
    reason = b',"reason":' + orjson.dumps(f"{relation} {name}") + b"}"
    return [orjson.Fragment(row + reason) for row in rows]


@router.get("/suggest", response_model=Suggestions)
def suggest_names(params: Annotated[SuggestParams, Query()], ctx: Context) -> Response:
    """Codes or names that start with the query, or else the most similar names; each record once."""
    suggestions = suggest(ctx, _require_searchable(params.q), params.type, params.limit)
    base = ctx.settings.link_base
    items = []
    for text, name_kind, record_type, slug, name in suggestions:
        path = f"/{PATH_BY_RECORD_TYPE[record_type]}/{slug}"
        links = {"self": f"{base}/v1{path}", "html": f"{base}{path}"}
        items.append({"text": text, "kind": name_kind, "type": record_type, "slug": slug, "name": name, "links": links})
    return ctx.json_response({"items": items, "notices": find_notices(ctx, params.q)})
