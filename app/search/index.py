"""The text index of a release: built once per revision and box, opened by every worker, derived from nothing but content."""

import heapq
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson
import tantivy
from jellyfish import metaphone

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.files.build_once import build_once
from app.search.explanations import explain_json, highlight_prefix
from app.search.stemming import normalize_levels, stem_content_words, strip_suffix
from app.text.normalize import normalize

# Fields of a record that have a stem, as bits.
IN_NAMES: Final = 1
IN_SUMMARY: Final = 2
IN_BODY: Final = 4
# Names of what it is indicated for, acts on or arises from.
IN_CONTEXT: Final = 8
# What a match in a name of this kind is worth.
NAME_KIND_WEIGHT: Final = {
    "preferred": 1.0,
    "synonym": 0.95,
    "abbreviation": 0.95,
    "lay_name": 0.93,
    "patient_phrase": 0.85,
}
NON_CONDITION_PHRASE_WEIGHT: Final = 0.9
SEARCHED_TYPES: Final = ("procedure", "condition", "pain_generator", "risk", "guide_page", "source")
# Records come before guide pages, guide pages before sources.
TYPE_GROUP: Final = {"guide_page": 1, "source": 2}
TYPE_ORDER: Final = {name: place for place, name in enumerate(SEARCHED_TYPES)}
# A part of a word that is written apart elsewhere has at least this many letters.
_MIN_COMPOUND_PART: Final = 4
# What a word of the query is worth where the best place that has it is this one.
NAME_WEIGHT: Final = 1.0
CONTEXT_WEIGHT: Final = 0.75
SUMMARY_WEIGHT: Final = 0.65
BODY_WEIGHT: Final = 0.45
# The same for every set of places.
FIELD_WEIGHT_BY_MASK: Final = tuple(
    max(
        NAME_WEIGHT if bits & IN_NAMES else 0.0,
        CONTEXT_WEIGHT if bits & IN_CONTEXT else 0.0,
        SUMMARY_WEIGHT if bits & IN_SUMMARY else 0.0,
        BODY_WEIGHT if bits & IN_BODY else 0.0,
    )
    for bits in range((IN_NAMES | IN_SUMMARY | IN_BODY | IN_CONTEXT) + 1)
)
# So well (0 to about 1.1) fits a name of which a word or a few are enough.
GOOD_NAME_FIT: Final = 0.5
# Fields of the index: words of records and guide pages, words of sources.
RECORD_FIELD: Final = "words"
SOURCE_FIELD: Final = "source_words"
# The best that the index finds are looked at; what comes after them is not counted either. More of them where types are chosen.
MAX_CANDIDATES: Final = {RECORD_FIELD: 30, SOURCE_FIELD: 10}
MAX_CANDIDATES_OF_TYPES: Final = 100
# How often a stem of a field is written into the index for once that it stands there: what ranks the candidates.
_FIELD_BOOST: Final = ((IN_NAMES, 6), (IN_CONTEXT, 2), (IN_SUMMARY, 2), (IN_BODY, 1))
# Records whose names are words of the field; what phrases, guide pages and sources say is everyone's language.
_CLINICAL_TYPES: Final = frozenset({"procedure", "condition", "pain_generator", "risk"})
# Another layout of the index is another folder: an old one is never opened by new code.
INDEX_FORMAT_VERSION: Final = "13"


@dataclass(slots=True)
class IndexedName:
    """One name of a record."""

    name_kind: str
    text: str
    stems: tuple[str, ...]
    # What its words are worth: the rarer, the more.
    stem_weights: dict[str, float]
    total_weight: float
    # What a match in a name of its kind is worth.
    kind_weight: float
    # What is said where it matched and is not the whole query, and what leads to the marks in it, as JSON.
    explanation_json: bytes
    highlight_prefix: bytes


@dataclass(slots=True)
class IndexedRecord:
    """One record as search knows it."""

    type: str
    slug: str
    name: str
    summary: str
    # Each name, patient phrase or title.
    names: list[IndexedName]
    # Stem -> the fields that have it.
    field_masks: dict[str, int]
    # Stem -> the name that fits best where nothing else is asked for; and the hit that it makes where it is enough of that.
    best_names: dict[str, "BestName"]
    hits_by_stem: dict[str, "Hit"]
    # Stems that are a whole name.
    one_stem_names: frozenset[str]
    # Its links, as JSON.
    links_json: bytes
    key: str
    # Records before guide pages before sources; and what stands first among equals: fewer words in its name.
    type_group: int
    tie_break: tuple[int, int, str]
    # Its unchanging part of a hit, as JSON; the name and the summary with what leads to their marks.
    hit_prefix: bytes
    highlighted_texts: tuple[tuple[str, bytes], ...]
    # Stem -> what is marked for it alone in these, as JSON; made when it is first shown.
    highlight_cache: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Hit:
    """A record found, and why."""

    record: IndexedRecord
    score: float
    matched_field: str
    matched_kind: str
    matched_text: str
    exact: bool
    # Stems of the query that the record has.
    matched_stems: Sequence[str]
    # Where it stands among others: the lower, the earlier.
    sort_key: tuple[int, float, tuple[int, int, str]]
    # The name that matched and is not the whole query.
    matched_name: IndexedName | None = None


@dataclass(slots=True)
class BestName:
    """The name of a record that fits a stem best, where nothing else is asked for."""

    # The share of the name that the stem is, and how well the name fits.
    name_share: float
    name: IndexedName
    fit: float


def build_hit(
    record: IndexedRecord, score: float, matched: tuple[str, str, str], matched_stems: Sequence[str], *, exact: bool
) -> Hit:
    """A record found in a field, by a name or text of a kind: `found` is the three."""
    score = round(score, 2)
    return Hit(record, score, *matched, exact, matched_stems, (record.type_group, -score, record.tie_break))


def build_name_hit(record: IndexedRecord, score: float, name: IndexedName, matched_stems: Sequence[str]) -> Hit:
    """A record found by a name that is not the whole query."""
    hit = build_hit(record, score, ("names", name.name_kind, name.text), matched_stems, exact=False)
    hit.matched_name = name
    return hit


@dataclass
class SearchIndex:
    """An opened index."""

    revision: str
    searcher: Any
    schema: Any
    # How many records have a stem: the vocabulary, and what a word is worth.
    stem_frequency: dict[str, int]
    # How many records have a word as it is spelled.
    word_frequency: dict[str, int]
    # Every word of a record's name as it is spelled, sorted: words of the field, and what a misspelt one is compared with.
    name_words: list[str]
    record_count: int
    # Folded whole name -> records that have it: (kind, text, place in the index).
    exact_names: dict[str, list[tuple[str, str, int]]]
    # (folded text from a word's start, text, kind, type, slug, name), sorted: what is suggested while typing.
    name_suffixes: list[tuple[str, str, str, str, str, str]]
    # (field, stem) that more records have than are looked at -> places of those that it says most about.
    champions: dict[tuple[str, str], list[int]]
    # Makes links of the marks in a document.
    resolve_links: Callable[[bytes], bytes]
    record_cache: dict[int, IndexedRecord] = field(default_factory=dict)
    term_query_cache: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every stem, sorted."""
        return sorted(self.stem_frequency)

    @cached_property
    def name_words_by_length(self) -> dict[int, list[str]]:
        """Every word of a name by its length: one that is edited once or twice is hardly longer or shorter."""
        found: dict[int, list[str]] = defaultdict(list)
        for word in self.name_words:
            found[len(word)].append(word)
        return dict(found)

    @cached_property
    def name_words_by_sound(self) -> dict[str, list[str]]:
        """What a word of a name sounds like -> the words."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in self.name_words:
            if word.isalpha():
                found[metaphone(word)].append(word)
        return dict(found)

    @cached_property
    def first_words(self) -> list[str]:
        """Every word that a suggestion may begin with, sorted."""
        return sorted({row[0].split()[0] for row in self.name_suffixes})

    @cached_property
    def name_stems_by_root(self) -> dict[str, list[str]]:
        """Root -> stems of names that have it."""
        found: dict[str, list[str]] = defaultdict(list)
        for stem in sorted(self.name_stems):
            found[strip_suffix(stem)].append(stem)
        return dict(found)

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """Stems of the words of names."""
        return frozenset(stem for word in self.name_words for stem in stem_content_words(word))

    @cached_property
    def compounds(self) -> dict[str, tuple[str, str]]:
        """Two words that stand together in a name, as one word -> the two: kneepain, intraarticular."""
        found: dict[str, tuple[str, str]] = {}
        for row in self.name_suffixes:
            first, second = (*row[0].split(maxsplit=2), "", "")[:2]
            if (
                len(first) >= _MIN_COMPOUND_PART
                and len(second) >= _MIN_COMPOUND_PART
                and stem_content_words(first)
                and stem_content_words(second)
            ):
                found.setdefault(first + second, (first, second))
        return found

    @cached_property
    def abbreviations(self) -> dict[str, list[str]]:
        """An abbreviation -> the words that the names of all records with it share."""
        shared: dict[str, list[str]] = {}
        for start, text, kind, _, _, name in self.name_suffixes:
            if kind == "abbreviation" and normalize(text) == start:
                words = normalize(name).split()
                shared[start] = [word for word in shared.get(start, words) if word in words]
        return {short: words for short, words in shared.items() if words and words != [short]}

    def weigh_stem(self, stem: str) -> float:
        """What a word is worth: the fewer records have it, the more."""
        return math.log(1 + self.record_count / self.stem_frequency.get(stem, 1)) + 0.3

    def get_record(self, doc_id: int) -> IndexedRecord:
        """A record by its place in the index, parsed once."""
        found = self.record_cache.get(doc_id)
        if found is None:
            if len(self.record_cache) > 20_000:
                self.record_cache.clear()
            # One segment holds all of them.
            stored = self.searcher.doc(tantivy.DocAddress(0, doc_id))
            raw = orjson.loads(stored["payload"][0])
            found = self.record_cache[doc_id] = _build_record(
                raw, self.resolve_links(raw["links"].encode()), self.weigh_stem
            )
        return found


def weigh_name(kind: str, type_: str) -> float:
    """What a match in such a name is worth: what hurts says what a condition is, more than what is done about it."""
    return NAME_KIND_WEIGHT.get(kind, 0.9) * (
        NON_CONDITION_PHRASE_WEIGHT if kind == "patient_phrase" and type_ != "condition" else 1.0
    )


def compute_fit(name: IndexedName, query_share: float, name_share: float) -> float:
    """How well a name fits (0 to 1.15): by the share of the query that it has, and the share of it that the query has."""
    complete = 0.15 if name_share > 0.999 and query_share > 0.95 else 0.0
    return name.kind_weight * (query_share * (0.55 + 0.45 * name_share) + complete)


def _build_record(raw: dict[str, Any], links: bytes, worth: Callable[[str], float]) -> IndexedRecord:
    names = [_build_name(kind, text, words, raw["type"], worth) for kind, text, words in raw["names"]]
    where: dict[str, int] = {}
    fields = (
        (IN_NAMES, (stem for name in names for stem in name.stems)),
        (IN_SUMMARY, raw["s"]),
        (IN_BODY, raw["b"]),
        (IN_CONTEXT, raw["c"]),
    )
    for bit, words in fields:
        for stem in words:
            # The vocabulary is shared by all records: one string a stem.
            where[sys.intern(stem)] = where.get(stem, 0) | bit
    key, name = f"{raw['type']}/{raw['slug']}", raw["name"]
    kind, slug, summary = raw["type"], raw["slug"], raw["summary"]
    marked = tuple(
        (text, highlight_prefix(field, text)) for field, text in (("name", name), ("summary", summary)) if text
    )
    entry = IndexedRecord(
        type=kind,
        slug=slug,
        name=name,
        summary=summary,
        names=names,
        field_masks=where,
        best_names={},
        hits_by_stem={},
        one_stem_names=frozenset(name.stems[0] for name in names if len(name.stems) == 1),
        links_json=links,
        key=key,
        type_group=TYPE_GROUP.get(kind, 0),
        tie_break=(len(name.split()), TYPE_ORDER[kind], slug),
        hit_prefix=orjson.dumps({"type": kind, "slug": slug, "name": name, "summary": summary or None})[:-1],
        highlighted_texts=marked,
    )
    _find_best_names(entry)
    return entry


def _build_name(kind: str, text: str, words: list[str], type_: str, worth: Callable[[str], float]) -> IndexedName:
    stems = tuple(map(sys.intern, words))
    each = {stem: worth(stem) for stem in stems}
    why = explain_json("names", kind, text, exact=False)
    return IndexedName(
        kind, text, stems, each, sum(each.values()), weigh_name(kind, type_), why, highlight_prefix("matched", text)
    )


def _find_best_names(entry: IndexedRecord) -> None:
    best = entry.best_names
    for name in entry.names:
        for stem, worth in name.stem_weights.items():
            share = worth / name.total_weight
            fitting = compute_fit(name, 1.0, share)
            if stem not in best or fitting > best[stem].fit:
                best[stem] = BestName(share, name, fitting)
    for stem, found in best.items():
        if found.fit >= GOOD_NAME_FIT:
            # The word is one of a name: worth all of it.
            entry.hits_by_stem[stem] = build_name_hit(entry, 60 * found.fit + 60, found.name, (stem,))


def _build_schema() -> Any:  # noqa: ANN401 - tantivy ships no types
    builder = tantivy.SchemaBuilder()
    # Sources are many, short and come last: they do not compete with records.
    for name in (RECORD_FIELD, SOURCE_FIELD):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("type", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("payload", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def open_index(
    snapshot: ReadTransaction, directory: Path, revision: str, fingerprint: str, resolve_links: Callable[[bytes], bytes]
) -> SearchIndex:
    """The index of a revision, built when this box does not have it yet. `linked` makes links of marks."""
    target = directory / f"{revision}-{fingerprint}-{INDEX_FORMAT_VERSION}"
    build_once(target, "facts.json", lambda work: _build_index(snapshot, work))
    schema = _build_schema()
    index = tantivy.Index(schema, path=str(target / "index"))
    index.reload()
    facts = orjson.loads((target / "facts.json").read_bytes())
    exact: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for folded, kind, text, place in facts["exact"]:
        exact[folded].append((kind, text, place))
    starts = [tuple(row) for row in facts["starts"]]
    return SearchIndex(
        revision=revision,
        searcher=index.searcher(),
        schema=schema,
        stem_frequency=facts["frequency"],
        word_frequency=facts["spelled"],
        name_words=facts["name_words"],
        record_count=facts["total"],
        exact_names=dict(exact),
        name_suffixes=starts,
        champions={(field, stem): places for field, stem, places in facts["champions"]},
        resolve_links=resolve_links,
    )


def _build_index(snapshot: ReadTransaction, work: Path) -> None:
    (work / "index").mkdir()
    index = tantivy.Index(_build_schema(), path=str(work / "index"))
    # One thread and one commit make one segment: every box ranks alike.
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    frequency: Counter[str] = Counter()
    spelled: Counter[str] = Counter()
    name_words: set[str] = set()
    exact: list[tuple[str, str, str, int]] = []
    starts: list[tuple[str, str, str, str, str, str]] = []
    champions: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    total = 0
    for record in _iter_records(snapshot):
        names = [[kind, text, stem_content_words(normalize_levels(text))] for kind, text in record["names"]]
        words = {word for _, _, stems in names for word in stems}
        context = {word for text in record["context"] for word in stem_content_words(normalize_levels(text))}
        fields = {
            IN_NAMES: words,
            IN_SUMMARY: set(stem_content_words(normalize_levels(record["summary"]))),
            IN_BODY: record["body"],
            IN_CONTEXT: context,
        }
        frequency.update(set().union(*fields.values()))
        in_names = {word for _, text in record["names"] for word in normalize(text).split()}
        spelled.update(record["spelled"] | in_names)
        if record["type"] in _CLINICAL_TYPES:
            name_words.update(
                word for kind, text in record["names"] if kind != "patient_phrase" for word in normalize(text).split()
            )
        payload = {
            "type": record["type"],
            "slug": record["slug"],
            "name": record["name"],
            "summary": record["summary"],
            "names": names,
            "s": sorted(fields[IN_SUMMARY]),
            "b": sorted(fields[IN_BODY]),
            "c": sorted(context),
            "links": record["links"],
        }
        document = tantivy.Document()
        target = SOURCE_FIELD if record["type"] == "source" else RECORD_FIELD
        for stem, worth in _score_stems(names, fields, record["type"]).items():
            held = champions[target, stem]
            push = heapq.heappush if len(held) < MAX_CANDIDATES[target] else heapq.heappushpop
            push(held, (worth, -total))
        document.add_text(target, " ".join(word for bit, times in _FIELD_BOOST for word in sorted(fields[bit]) * times))
        document.add_text("type", record["type"])
        document.add_text("payload", orjson.dumps(payload).decode())
        writer.add_document(document)
        for kind, text in record["names"]:
            exact.append((normalize(normalize_levels(text)), kind, text, total))
            if record["type"] != "source" and kind != "patient_phrase":
                starts.extend(_iter_suffixes(text, kind, record))
        total += 1
    writer.commit()
    writer.wait_merging_threads()
    facts = {
        "frequency": dict(sorted(frequency.items())),
        "spelled": dict(sorted(spelled.items())),
        "name_words": sorted(name_words),
        "total": total,
        "exact": sorted(exact),
        "starts": sorted(starts),
        "champions": [
            (field, stem, [-place for _, place in sorted(best, reverse=True)])
            for (field, stem), best in sorted(champions.items())
            if len(best) == MAX_CANDIDATES[field]
        ],
    }
    (work / "facts.json").write_bytes(orjson.dumps(facts))


def _score_stems(names: list[Any], fields: dict[int, set[str]], type_: str) -> dict[str, float]:
    """Stem -> what it says about a record, asked for alone: by its place, and by how much of a name it is."""
    found: dict[str, float] = {}
    for bit, stems in fields.items():
        for stem in stems:
            found[stem] = max(found.get(stem, 0.0), FIELD_WEIGHT_BY_MASK[bit])
    for kind, _, stems in names:
        fitting = 1.0 + weigh_name(kind, type_) * (0.55 + 0.45 / len(set(stems))) if stems else 0.0
        for stem in stems:
            found[stem] = max(found[stem], fitting)
    return found


def _iter_suffixes(text: str, kind: str, record: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str, str]]:
    words = normalize(normalize_levels(text)).split()
    for place in range(min(len(words), 6)):
        yield " ".join(words[place:]), text, kind, record["type"], record["slug"], record["name"]


def _iter_records(snapshot: ReadTransaction) -> Iterator[dict[str, Any]]:
    """Every record of the release with its names and texts, in order of type and slug."""
    names: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for type_, slug, kind, text in snapshot.fetch(
        "SELECT type, slug, kind, text FROM name ORDER BY type, slug, kind, text", {}
    ):
        names[type_, slug].append((kind, text))
    statements: dict[tuple[str, str], list[str]] = defaultdict(list)
    for type_, slug, statement in snapshot.fetch(
        "SELECT subject_type, subject_slug, statement FROM claim ORDER BY id", {}
    ):
        statements[type_, slug].append(statement)
    context = _find_context_names(snapshot, names)
    given: dict[str, Any] = {}
    among = bind_list("type", SEARCHED_TYPES, given)
    shown = f"SELECT type, slug, name, summary, body FROM document WHERE type IN ({among}) ORDER BY type, slug"
    for type_, slug, name, raw, body in snapshot.fetch(shown, given):
        document = orjson.loads(raw)
        summary = document.get("summary") or ""
        mine = names.get((type_, slug)) or [("preferred", name)]
        texts = [*statements.get((type_, slug), ()), *_iter_texts(orjson.loads(body))]
        yield {
            "type": type_,
            "slug": slug,
            "name": name,
            "summary": summary,
            "names": mine,
            "context": context.get((type_, slug), ()),
            "body": {word for text in texts for word in stem_content_words(text)},
            "spelled": {word for text in (summary, *texts) for word in normalize(text).split()},
            "links": orjson.dumps(document["links"]).decode(),
        }


def _iter_texts(document: dict[str, Any]) -> Iterator[str]:
    """What a record's document says for people to read: its texts and key messages, what a guide page says."""
    for part in (document.get("texts") or {}).values():
        yield from (one["text"] for one in part.get("items", ()))
    for item in document["items"] if document["type"] == "guide_page" else ():
        yield from (item["heading"] or "", item["text"])


_CONTEXT_QUERIES: Final = (
    ("procedure", "SELECT DISTINCT procedure, 'condition', condition FROM indication"),
    ("procedure", "SELECT DISTINCT procedure, 'pain_generator', pain_generator FROM target"),
    ("condition", "SELECT DISTINCT condition, 'pain_generator', pain_generator FROM origin"),
)


def _find_context_names(
    snapshot: ReadTransaction, names: Mapping[tuple[str, str], list[tuple[str, str]]]
) -> dict[tuple[str, str], set[str]]:
    """Names of what a record is joined to: the query for it often names both (nerve block for sciatica)."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for type_, edges in _CONTEXT_QUERIES:
        for slug, other_type, other in snapshot.fetch(edges, {}):
            joined = names.get((other_type, other), ())
            found[type_, slug].update(text for kind, text in joined if kind != "patient_phrase")
    for type_, slug, ancestor in snapshot.fetch("SELECT type, slug, ancestor FROM broader ORDER BY type, slug", {}):
        found[type_, ancestor] |= found.get((type_, slug), set())
    return found
