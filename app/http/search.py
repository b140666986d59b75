"""Search index of the release that a request reads, and what surrounds its hits."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from app.domain import vocabulary
from app.domain.json import Json
from app.http.codes import CodedRecord, list_records_by_code_prefix, list_records_of_code
from app.http.context import RequestContext, resolve_links
from app.http.preparation import ReleaseArtifact, get_prepared
from app.http.slug_resolution import names_by_slug, suggest_records
from app.queries.documents import get_emergency_notices_json
from app.search.explanations import explain
from app.search.index import (
    INDEX_FORMAT_VERSION,
    LAZY_TABLES,
    SEARCHED_TYPES,
    Hit,
    IndexedRecord,
    SearchIndex,
    build_hit,
    open_index,
    write_index,
)
from app.search.query_parser import Interpretation, ParsedQuery, parse_query
from app.search.ranking import list_nearest_topics, search
from app.search.suggestions import Suggestion, find_suggestions
from app.settings import Settings
from app.text.emergency_phrases import EmergencyPhrases, build_emergency_phrases
from app.text.nearest import SuggestionIndex, find_nearest
from app.text.normalize import normalize
from app.version import code_fingerprint

_MAX_SUGGESTIONS: Final = 5
# Kind of match of a code, by who maps it.
_CODE_KINDS: Final = {"content": "code", "operator": "operator_code"}


@dataclass(frozen=True)
class SearchData:
    """What a search needs beside the database."""

    index: SearchIndex
    emergencies: EmergencyPhrases
    # Emergency -> its notice, and what to do at each tier.
    notices: dict[str, Json]
    names: SuggestionIndex


def _find_index_dir(settings: Settings, revision: str) -> Path:
    fingerprint = code_fingerprint().rpartition("-")[2]
    return settings.search_dir / f"index-{revision}-{fingerprint}-{INDEX_FORMAT_VERSION}"


def _open_search(ctx: RequestContext, directory: Path) -> SearchData:
    # A search looks a code up first; the table of codes is read once.
    list_records_of_code(ctx, "A00")
    # Bound to the settings alone: the index outlives the request that opened it.
    index = open_index(directory, ctx.release.revision, partial(resolve_links, ctx.settings))
    for table in LAZY_TABLES:
        getattr(index, table)
    for record_type in SEARCHED_TYPES:
        suggest_records(ctx, record_type, "a")
    catalog = orjson.loads(resolve_links(ctx.settings, bytes(get_emergency_notices_json(ctx.transaction))))
    phrases = ((emergency["slug"], emergency["phrases"]) for emergency in catalog["emergencies"])
    emergencies = build_emergency_phrases(phrases, catalog["words"], vocabulary.CALL_TIERS)
    notices = {emergency["slug"]: emergency for emergency in catalog["emergencies"]}
    names = SuggestionIndex(suffix[1] for suffix in index.name_suffixes)
    return SearchData(index, emergencies, notices, names)


INDEX_ARTIFACT: Final = ReleaseArtifact(
    name="index",
    label="The search index",
    find_directory=_find_index_dir,
    write=lambda ctx, directory: write_index(ctx.transaction, directory),
    open=_open_search,
)


def get_index(ctx: RequestContext) -> SearchIndex:
    """Search index of this release. Raises NotReady while it is being prepared."""
    return get_prepared(ctx, INDEX_ARTIFACT).index


def search_records(ctx: RequestContext, text: str, types: tuple[str, ...] = ()) -> tuple[ParsedQuery, list[Hit]]:
    """Parsed query and its hits; a query that is a code of another organization finds the records that the code leads to."""
    index = get_index(ctx)
    if not (coded := list_records_of_code(ctx, text)):
        return search(index, text, types)
    records = [(record, _find_indexed(ctx, index, record)) for record in coded]
    # The code was read as a whole: no word of it was searched for or ignored.
    query = parse_query(index, text)
    query.interpretation = Interpretation(text, [coded[0].path[0]], [])
    return query, [
        build_hit(
            indexed,
            1000,
            ("codes", _CODE_KINDS[record.origin], " ".join(record.path)),
            (),
            exact=record.relation == "exact",
        )
        for record, indexed in records
        if indexed is not None and (not types or indexed.type in types)
    ]


def _find_indexed(ctx: RequestContext, index: SearchIndex, record: CodedRecord) -> IndexedRecord | None:
    name = normalize(names_by_slug(ctx, record.record_type)[record.slug])
    candidates = (index.get_record(doc_id) for _, _, doc_id in index.exact_names.get(name, ()))
    return next((found for found in candidates if (found.type, found.slug) == (record.record_type, record.slug)), None)


def suggest(ctx: RequestContext, text: str, types: Collection[str], limit: int) -> list[Suggestion]:
    """Suggestions for a partial query: the records of the codes that it is or begins, else names."""
    coded = list_records_by_code_prefix(ctx, text)
    if not coded:
        return find_suggestions(get_index(ctx), text, types=types, limit=limit)
    return [
        (
            # A code below the typed one is what is suggested; a code above it is not.
            record.path[-1] if record.relation == "broader" else record.path[0],
            _CODE_KINDS[record.origin],
            record.record_type,
            record.slug,
            names_by_slug(ctx, record.record_type)[record.slug],
        )
        for record in coded
        if not types or record.record_type in types
    ][:limit]


def explain_hit(hit: Hit) -> str:
    """Why a record was found, in words."""
    return explain(hit.matched_field, hit.matched_kind, hit.matched_text, exact=hit.exact)


def find_notices(ctx: RequestContext, text: str) -> list[Json]:
    """Find the notices of the emergencies that the text describes, the most urgent first. Links are resolved."""
    data = get_prepared(ctx, INDEX_ARTIFACT)
    notices = []
    for match in data.emergencies.find(text, data.index.word_frequency):
        emergency = data.notices[match.slug]
        action = emergency["actions"][match.tier]
        notice = emergency["notice"]
        statement = f"{notice['name']}. {notice['summary']} {action}"
        notices.append({"statement": statement, "tier": match.tier, "action": action, **notice})
    return notices


def suggest_names(ctx: RequestContext, text: str) -> list[str]:
    """Names nearest to a query without hits: those spelled alike, then those that share a word."""
    data = get_prepared(ctx, INDEX_ARTIFACT)
    names = find_nearest(text, data.names, limit=_MAX_SUGGESTIONS)
    return list(dict.fromkeys(names + list_nearest_topics(data.index, parse_query(data.index, text))))[
        :_MAX_SUGGESTIONS
    ]
