"""Text index of a release: built once per revision and host, opened by every worker, derived from the content alone."""

import heapq
import math
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
import tantivy
from jellyfish import metaphone

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.search.explanations import explain_json, highlight_prefix
from app.search.known_words import build_known_words, is_known_word
from app.search.panics import panics_as_errors
from app.search.stemming import STOP_WORDS, normalize_levels, stem_content_words, strip_suffix
from app.text.normalize import normalize

# Type and slug.
RecordRef = tuple[str, str]
# Normalized text from the start of a word on, full text, name kind, record type, slug, preferred name.
NameSuffix = tuple[str, str, str, str, str, str]

# Bits of a field mask: the fields of a record that contain a stem.
IN_NAMES: Final = 1
IN_SUMMARY: Final = 2
IN_BODY: Final = 4
# Names of the records that this one is indicated for, acts on or arises from.
IN_CONTEXT: Final = 8
# Weight of a match by the kind of name.
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
TYPE_ORDER: Final = {record_type: position for position, record_type in enumerate(SEARCHED_TYPES)}
# Minimum number of letters in each half of a compound word.
_MIN_COMPOUND_PART: Final = 4
# Weight of a query term by the best field that contains it.
NAME_WEIGHT: Final = 1.0
CONTEXT_WEIGHT: Final = 0.75
SUMMARY_WEIGHT: Final = 0.65
BODY_WEIGHT: Final = 0.45
FIELD_WEIGHT_BY_MASK: Final = tuple(
    max(
        NAME_WEIGHT if mask & IN_NAMES else 0.0,
        CONTEXT_WEIGHT if mask & IN_CONTEXT else 0.0,
        SUMMARY_WEIGHT if mask & IN_SUMMARY else 0.0,
        BODY_WEIGHT if mask & IN_BODY else 0.0,
    )
    for mask in range((IN_NAMES | IN_SUMMARY | IN_BODY | IN_CONTEXT) + 1)
)
# From this fit (0 to 1.15) on, a name matches although the query has only some of its words.
GOOD_NAME_FIT: Final = 0.5
# Fields of the tantivy index: stems of records and guide pages, stems of sources.
RECORD_FIELD: Final = "record_stems"
SOURCE_FIELD: Final = "source_stems"
# Number of candidates that are scored; lower-ranked documents are not even counted. With a type filter there are more.
MAX_CANDIDATES: Final = {RECORD_FIELD: 30, SOURCE_FIELD: 10}
MAX_CANDIDATES_OF_TYPES: Final = 100
# How many times the stems of a field are written into the index: this ranks the candidates.
_FIELD_BOOST: Final = ((IN_NAMES, 6), (IN_CONTEXT, 2), (IN_SUMMARY, 2), (IN_BODY, 1))
# Types whose records are of a region of the body; a risk or a page of the guide is of any.
REGIONAL_TYPES: Final = frozenset({"procedure", "condition", "pain_generator"})
# A word that says a procedure is wanted is in the names of so many, and of at most this share as many conditions.
_MIN_PROCEDURES: Final = 5
_MAX_CONDITION_SHARE: Final = 0.1
# Types whose names are clinical vocabulary. Patient phrases, guide pages and sources use everyday language.
_CLINICAL_TYPES: Final = frozenset({"procedure", "condition", "pain_generator", "risk"})
# Fewer letters are an abbreviation, which has many meanings.
_MIN_SPECIAL_WORD: Final = 5
# Part of the directory name: new code never opens an index in an old format.
INDEX_FORMAT_VERSION: Final = "18"
TABLES_FILE: Final = "tables.ndjson"
_KNOWN_WORDS_FILE: Final = "known_words.txt"
_ENTRIES_PER_LINE: Final = 5_000


@dataclass(slots=True)
class IndexedName:
    """Name of a record."""

    name_kind: str
    text: str
    stems: tuple[str, ...]
    # The rarer a stem, the higher its weight.
    stem_weights: dict[str, float]
    total_weight: float
    kind_weight: float
    # JSON fragments for a hit by this name, unless the whole query is the name.
    explanation_json: bytes
    highlight_prefix: bytes


@dataclass(slots=True)
class IndexedRecord:
    """Record as search sees it."""

    type: str
    slug: str
    name: str
    summary: str
    # Names, patient phrases and titles.
    names: list[IndexedName]
    # Stem -> mask of the fields that contain it.
    field_masks: dict[str, int]
    # For a query of one stem: the best-fitting name, and the hit if that name fits well.
    best_names: dict[str, "BestName"]
    hits_by_stem: dict[str, "Hit"]
    # Stems that are a whole name, and stems of what the record is called: no phrases.
    one_stem_names: frozenset[str]
    name_stems: frozenset[str]
    preferred_stems: frozenset[str]
    # Regions of the body; empty: of any.
    body_regions: frozenset[str]
    links_json: bytes
    # Records before guide pages before sources; among equals the name with fewer words comes first.
    type_group: int
    tie_break: tuple[int, int, str]
    # JSON fragments of a hit: its constant part; name and summary, each with the prefix of its highlights.
    hit_prefix: bytes
    highlighted_texts: tuple[tuple[str, bytes], ...]
    # Stem -> highlights of that stem alone in name and summary, as JSON. Filled on first use.
    highlight_cache: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Hit:
    """Record that matches a query, and why."""

    record: IndexedRecord
    score: float
    matched_field: str
    matched_kind: str
    matched_text: str
    exact: bool
    # Stems of the query that the record contains.
    matched_stems: Sequence[str]
    # Lower sorts earlier.
    sort_key: tuple[int, float, tuple[int, int, str]]
    # The name that matched, unless the whole query is the name.
    matched_name: IndexedName | None = None

    def set_score(self, score: float) -> None:
        """Give the hit another score, and its place among the others with it."""
        self.score = score
        self.sort_key = (self.record.type_group, -score, self.record.tie_break)


@dataclass(slots=True)
class BestName:
    """Name of a record that fits a query of one stem best."""

    # Weight of the stem as a share of the name's total weight.
    name_share: float
    name: IndexedName
    fit: float


def build_hit(
    record: IndexedRecord, score: float, matched: tuple[str, str, str], matched_stems: Sequence[str], *, exact: bool
) -> Hit:
    """Build a hit. `matched` is (field, kind, text)."""
    score = round(score, 2)
    return Hit(record, score, *matched, exact, matched_stems, (record.type_group, -score, record.tie_break))


def build_name_hit(record: IndexedRecord, score: float, name: IndexedName, matched_stems: Sequence[str]) -> Hit:
    """Build a hit by a name that is not the whole query."""
    hit = build_hit(record, score, ("names", name.name_kind, name.text), matched_stems, exact=False)
    hit.matched_name = name
    return hit


@dataclass
class SearchIndex:
    """Opened index."""

    revision: str
    searcher: Any
    schema: Any
    # Stem -> number of records that contain it.
    stem_frequency: dict[str, int]
    # Word as spelled -> number of records that contain it.
    word_frequency: dict[str, int]
    # Words of clinical names as spelled, sorted: corrections are chosen from these.
    name_words: list[str]
    # Stems of words that titles of cited sources have and the language has not: names of devices, drugs and diseases.
    special_stems: frozenset[str]
    # Stems that say a procedure is wanted (injection, ablation).
    procedure_stems: frozenset[str]
    record_count: int
    # Normalized whole name -> (name kind, text, document id) of each record with that name.
    exact_names: dict[str, list[tuple[str, str, int]]]
    # Sorted: suggestions are prefixes of these.
    name_suffixes: list[NameSuffix]
    # (field, stem) with more than MAX_CANDIDATES records -> ids of the documents it describes best.
    champions: dict[tuple[str, str], list[int]]
    # Words of the language, which are never corrected (`known_words.is_known_word`).
    known_words: bytes
    # Replaces the link placeholders in a document.
    resolve_links: Callable[[bytes], bytes]
    record_cache: dict[int, IndexedRecord] = field(default_factory=dict)
    term_query_cache: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every stem, sorted."""
        return sorted(self.stem_frequency)

    @cached_property
    def words_by_stem(self) -> dict[str, list[str]]:
        """Words as spelled by stem, the most frequent first."""
        by_stem: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self.word_frequency, key=lambda word: (-self.word_frequency[word], word)):
            for stem in stem_content_words(word):
                by_stem[stem].append(word)
        return dict(by_stem)

    @cached_property
    def name_words_by_length(self) -> dict[int, list[str]]:
        """Name words by length: one or two edits change the length by as much at most."""
        by_length: dict[int, list[str]] = defaultdict(list)
        for word in self.name_words:
            by_length[len(word)].append(word)
        return dict(by_length)

    @cached_property
    def name_words_by_sound(self) -> dict[str, list[str]]:
        """Name words by Metaphone code."""
        by_sound: dict[str, list[str]] = defaultdict(list)
        for word in self.name_words:
            if word.isalpha():
                by_sound[metaphone(word)].append(word)
        return dict(by_sound)

    @cached_property
    def first_words(self) -> list[str]:
        """Words that a suggestion may begin with, sorted, without stop words."""
        return sorted({suffix[0].split()[0] for suffix in self.name_suffixes} - STOP_WORDS)

    @cached_property
    def name_stems_by_root(self) -> dict[str, list[str]]:
        """Name stems by root."""
        by_root: dict[str, list[str]] = defaultdict(list)
        for stem in sorted(self.name_stems):
            by_root[strip_suffix(stem)].append(stem)
        return dict(by_root)

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """Stems of the name words."""
        return frozenset(stem for word in self.name_words for stem in stem_content_words(word))

    @cached_property
    def compounds(self) -> dict[str, tuple[str, str]]:
        """Adjacent words of a name joined together (kneepain, intraarticular) -> the two words."""
        compounds: dict[str, tuple[str, str]] = {}
        for suffix in self.name_suffixes:
            pair = suffix[0].split(maxsplit=2)[:2]
            if len(pair) == 2 and all(len(word) >= _MIN_COMPOUND_PART and stem_content_words(word) for word in pair):
                first, second = pair
                compounds.setdefault(first + second, (first, second))
        return compounds

    @cached_property
    def abbreviations(self) -> dict[str, list[str]]:
        """Abbreviation -> words that the names of all records with this abbreviation share."""
        shared: dict[str, list[str]] = {}
        for normalized, text, name_kind, _, _, name in self.name_suffixes:
            if name_kind == "abbreviation" and normalize(text) == normalized:
                words = normalize(name).split()
                shared[normalized] = [word for word in shared.get(normalized, words) if word in words]
        return {short: words for short, words in shared.items() if words and words != [short]}

    def weigh_stem(self, stem: str) -> float:
        """Return the weight of a stem: the fewer records contain it, the higher."""
        return math.log(1 + self.record_count / self.stem_frequency.get(stem, 1)) + 0.3

    def get_record(self, doc_id: int) -> IndexedRecord:
        """Return the record of a document, parsed once and cached."""
        record = self.record_cache.get(doc_id)
        if record is None:
            if len(self.record_cache) > 20_000:
                self.record_cache.clear()
            # All documents are in one segment.
            with panics_as_errors():
                stored = self.searcher.doc(tantivy.DocAddress(0, doc_id))
            payload = orjson.loads(stored["payload"][0])
            links = self.resolve_links(payload["links"].encode())
            record = self.record_cache[doc_id] = _build_record(payload, links, self.weigh_stem)
        return record


# Tables of an opened index that are computed when first used.
LAZY_TABLES: Final = tuple(name for name, member in vars(SearchIndex).items() if isinstance(member, cached_property))


def weigh_name(name_kind: str, record_type: str) -> float:
    """Return the weight of a match in a name: a patient phrase describes a condition better than its treatment."""
    return NAME_KIND_WEIGHT[name_kind] * (
        NON_CONDITION_PHRASE_WEIGHT if name_kind == "patient_phrase" and record_type != "condition" else 1.0
    )


def compute_fit(name: IndexedName, query_share: float, name_share: float) -> float:
    """Return how well a name fits (0 to 1.15).

    `query_share` is the share of the query that the name covers, `name_share` the share of the name that the query covers.
    """
    complete = 0.15 if name_share > 0.999 and query_share > 0.95 else 0.0
    return name.kind_weight * (query_share * (0.55 + 0.45 * name_share) + complete)


def _build_record(payload: dict[str, Any], links_json: bytes, weigh_stem: Callable[[str], float]) -> IndexedRecord:
    record_type, slug, preferred, summary = payload["type"], payload["slug"], payload["name"], payload["summary"]
    names = [
        _build_name(name_kind, text, stems, record_type, weigh_stem) for name_kind, text, stems in payload["names"]
    ]
    field_masks: dict[str, int] = {}
    for bit, stems in (
        (IN_NAMES, (stem for name in names for stem in name.stems)),
        (IN_SUMMARY, payload["summary_stems"]),
        (IN_BODY, payload["body_stems"]),
        (IN_CONTEXT, payload["context_stems"]),
    ):
        for stem in stems:
            # Interned: all records share one string per stem.
            field_masks[sys.intern(stem)] = field_masks.get(stem, 0) | bit
    record = IndexedRecord(
        type=record_type,
        slug=slug,
        name=preferred,
        summary=summary,
        names=names,
        field_masks=field_masks,
        best_names={},
        hits_by_stem={},
        one_stem_names=frozenset(name.stems[0] for name in names if len(name.stems) == 1),
        name_stems=frozenset(stem for name in names if name.name_kind != "patient_phrase" for stem in name.stems),
        preferred_stems=frozenset(stem for name in names if name.name_kind == "preferred" for stem in name.stems),
        body_regions=frozenset(payload["body_regions"]) if "whole_body" not in payload["body_regions"] else frozenset(),
        links_json=links_json,
        type_group=TYPE_GROUP.get(record_type, 0),
        tie_break=(len(preferred.split()), TYPE_ORDER[record_type], slug),
        hit_prefix=orjson.dumps({"type": record_type, "slug": slug, "name": preferred, "summary": summary or None})[
            :-1
        ],
        highlighted_texts=tuple(
            (text, highlight_prefix(json_field, text))
            for json_field, text in (("name", preferred), ("summary", summary))
            if text
        ),
    )
    _find_best_names(record)
    return record


def _build_name(
    name_kind: str, text: str, stems: list[str], record_type: str, weigh_stem: Callable[[str], float]
) -> IndexedName:
    interned = tuple(map(sys.intern, stems))
    stem_weights = {stem: weigh_stem(stem) for stem in interned}
    return IndexedName(
        name_kind=name_kind,
        text=text,
        stems=interned,
        stem_weights=stem_weights,
        total_weight=sum(stem_weights.values()),
        kind_weight=weigh_name(name_kind, record_type),
        explanation_json=explain_json("names", name_kind, text, exact=False),
        highlight_prefix=highlight_prefix("matched", text),
    )


# A patient phrase of this many words is a sentence: one of them alone does not match it.
_MIN_SENTENCE_STEMS: Final = 4


def shares_one_word(name: IndexedName, shared_stems: int) -> bool:
    """Whether a query with so many stems of a phrase shares merely a word of a sentence with it."""
    return shared_stems < 2 and name.name_kind == "patient_phrase" and len(name.stems) >= _MIN_SENTENCE_STEMS


def _find_best_names(record: IndexedRecord) -> None:
    best_names = record.best_names
    for name in record.names:
        if shares_one_word(name, 1):
            continue
        for stem, weight in name.stem_weights.items():
            name_share = weight / name.total_weight
            fit = compute_fit(name, 1.0, name_share)
            if stem not in best_names or fit > best_names[stem].fit:
                best_names[stem] = BestName(name_share, name, fit)
    for stem, best in best_names.items():
        if best.fit >= GOOD_NAME_FIT:
            # A query of this stem alone is covered by the name: 60 for the fit, 60 for full coverage.
            record.hits_by_stem[stem] = build_name_hit(record, 60 * best.fit + 60, best.name, (stem,))


def _build_schema() -> Any:  # noqa: ANN401 - tantivy ships no types
    builder = tantivy.SchemaBuilder()
    # Sources are many, short and ranked last: in a field of their own they do not compete with records.
    for name in (RECORD_FIELD, SOURCE_FIELD):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("type", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("payload", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


@panics_as_errors()
def open_index(directory: Path, revision: str, resolve_links: Callable[[bytes], bytes]) -> SearchIndex:
    """Open the index that `write_index` wrote to a directory."""
    schema = _build_schema()
    searcher = _open_private_copy(directory, schema)
    known_words = (directory / _KNOWN_WORDS_FILE).read_bytes()
    tables = _read_tables(directory / TABLES_FILE)
    exact_names: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
    for normalized, name_kind, text, doc_id in tables["exact_names"]:
        exact_names[normalized].append((name_kind, text, doc_id))
    return SearchIndex(
        revision=revision,
        searcher=searcher,
        schema=schema,
        stem_frequency=dict(tables["stem_frequency"]),
        word_frequency=dict(tables["word_frequency"]),
        name_words=tables["name_words"],
        special_stems=frozenset(tables["special_stems"]),
        procedure_stems=frozenset(tables["procedure_stems"]),
        record_count=searcher.num_docs,
        exact_names=dict(exact_names),
        name_suffixes=[tuple(suffix) for suffix in tables["name_suffixes"]],
        champions={(field_name, stem): doc_ids for field_name, stem, doc_ids in tables["champions"]},
        known_words=known_words,
        resolve_links=resolve_links,
    )


def _open_private_copy(directory: Path, schema: Any) -> Any:  # noqa: ANN401 - tantivy ships no types
    """Open a copy of the tantivy index that has no name any more.

    tantivy maps its files into memory, and a file that is cut short under a mapping ends the process. Each process pays
    the size of the index (a few MB) for a copy that nobody else can reach. The name begins as those of built indexes do,
    so that a copy that a killed process left is deleted with them.
    """
    prefix = f"{directory.name.partition('-')[0]}-opened-"
    # Windows keeps files that are mapped: there the copy is deleted with the older indexes.
    with TemporaryDirectory(dir=directory.parent, prefix=prefix, ignore_cleanup_errors=True) as copy:
        shutil.copytree(directory / "index", copy, dirs_exist_ok=True)
        index = tantivy.Index(schema, path=copy)
        index.reload()
        return index.searcher()


def _read_tables(path: Path) -> dict[str, list[Any]]:
    """Tables by name. Each line is a part of one table: parsing a line holds the interpreter for milliseconds."""
    tables: dict[str, list[Any]] = defaultdict(list)
    with path.open("rb") as file:
        for line in file:
            name, entries = orjson.loads(line)
            tables[name] += entries
    return tables


def _write_tables(path: Path, tables: Mapping[str, Sequence[Any]]) -> None:
    with path.open("wb") as file:
        for name, entries in tables.items():
            for start in range(0, len(entries), _ENTRIES_PER_LINE):
                file.write(orjson.dumps((name, entries[start : start + _ENTRIES_PER_LINE])) + b"\n")


@panics_as_errors()
def write_index(transaction: ReadTransaction, directory: Path) -> None:
    """Write the index of a release to an empty directory, the tables last."""
    known_words = build_known_words()
    (directory / _KNOWN_WORDS_FILE).write_bytes(known_words)
    (directory / "index").mkdir()
    index = tantivy.Index(_build_schema(), path=str(directory / "index"))
    # One thread and one commit make one segment: every host ranks alike.
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    stem_frequency: Counter[str] = Counter()
    word_frequency: Counter[str] = Counter()
    name_words: set[str] = set()
    exact_names: list[tuple[str, str, str, int]] = []
    name_suffixes: list[NameSuffix] = []
    champions: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    stems_by_type: dict[str, Counter[str]] = defaultdict(Counter)
    all_special_stems: set[str] = set()
    for doc_id, record in enumerate(_iter_records(transaction, known_words)):
        names = [[name_kind, text, stem_content_words(normalize_levels(text))] for name_kind, text in record["names"]]
        stems_by_field = {
            IN_NAMES: {stem for _, _, stems in names for stem in stems},
            IN_SUMMARY: set(stem_content_words(normalize_levels(record["summary"]))),
            IN_BODY: record["body_stems"],
            IN_CONTEXT: {
                stem for text in record["context_names"] for stem in stem_content_words(normalize_levels(text))
            },
        }
        special_stems = {stem for word in record["special_words"] for stem in stem_content_words(word)}
        stems_by_field[IN_CONTEXT] |= special_stems
        stems_by_field[IN_BODY] |= special_stems
        all_special_stems |= special_stems
        stem_frequency.update(set().union(*stems_by_field.values()))
        stems_by_type[record["type"]].update(stems_by_field[IN_NAMES])
        words_in_names = {word for _, text in record["names"] for word in normalize(text).split()}
        word_frequency.update(record["words"] | words_in_names)
        if record["type"] in _CLINICAL_TYPES:
            name_words.update(
                word
                for name_kind, text in record["names"]
                if name_kind != "patient_phrase"
                for word in normalize(text).split()
            )
        payload = {
            "type": record["type"],
            "slug": record["slug"],
            "name": record["name"],
            "summary": record["summary"],
            "names": names,
            "summary_stems": sorted(stems_by_field[IN_SUMMARY]),
            "body_stems": sorted(stems_by_field[IN_BODY]),
            "context_stems": sorted(stems_by_field[IN_CONTEXT]),
            "body_regions": record["body_regions"],
            "links": record["links"],
        }
        field_name = SOURCE_FIELD if record["type"] == "source" else RECORD_FIELD
        for stem, score in _score_stems(names, stems_by_field, record["type"]).items():
            heap = champions[field_name, stem]
            push = heapq.heappush if len(heap) < MAX_CANDIDATES[field_name] else heapq.heappushpop
            push(heap, (score, -doc_id))
        document = tantivy.Document()
        boosted = " ".join(stem for bit, times in _FIELD_BOOST for stem in sorted(stems_by_field[bit]) * times)
        document.add_text(field_name, boosted)
        document.add_text("type", record["type"])
        document.add_text("payload", orjson.dumps(payload).decode())
        writer.add_document(document)
        for name_kind, text in record["names"]:
            exact_names.append((normalize(normalize_levels(text)), name_kind, text, doc_id))
            if record["type"] != "source" and name_kind != "patient_phrase":
                name_suffixes.extend(_iter_suffixes(text, name_kind, record))
        if record["type"] in REGIONAL_TYPES:
            # The words of a URL are its record's shortest name: ketamine infusion, herpes zoster.
            exact_names.append((normalize(record["slug"]), "preferred", record["name"], doc_id))
    writer.commit()
    writer.wait_merging_threads()
    tables: dict[str, Sequence[Any]] = {
        "stem_frequency": sorted(stem_frequency.items()),
        "word_frequency": sorted(word_frequency.items()),
        "name_words": sorted(name_words),
        "special_stems": sorted(all_special_stems),
        "procedure_stems": _find_procedure_stems(stems_by_type),
        "exact_names": sorted(exact_names),
        "name_suffixes": sorted(name_suffixes),
        "champions": [
            (field_name, stem, [-negated for _, negated in sorted(heap, reverse=True)])
            for (field_name, stem), heap in sorted(champions.items())
            if len(heap) == MAX_CANDIDATES[field_name]
        ],
    }
    _write_tables(directory / TABLES_FILE, tables)


def _find_procedure_stems(stems_by_type: Mapping[str, Counter[str]]) -> list[str]:
    """Return the stems that say a procedure is wanted: of names of many, and hardly of conditions."""
    conditions = stems_by_type["condition"]
    return sorted(
        stem
        for stem, count in stems_by_type["procedure"].items()
        if stem.isalpha() and count >= _MIN_PROCEDURES and conditions[stem] <= count * _MAX_CONDITION_SHARE
    )


def _score_stems(names: list[Any], stems_by_field: dict[int, set[str]], record_type: str) -> dict[str, float]:
    """Return stem -> how well it describes the record alone: by its best field, and by its share of a name."""
    scores: dict[str, float] = {}
    for bit, stems in stems_by_field.items():
        for stem in stems:
            scores[stem] = max(scores.get(stem, 0.0), FIELD_WEIGHT_BY_MASK[bit])
    for name_kind, _, stems in names:
        score = 1.0 + weigh_name(name_kind, record_type) * (0.55 + 0.45 / len(set(stems))) if stems else 0.0
        for stem in stems:
            scores[stem] = max(scores[stem], score)
    return scores


def _iter_suffixes(text: str, name_kind: str, record: dict[str, Any]) -> Iterator[NameSuffix]:
    words = normalize(normalize_levels(text)).split()
    for start in range(min(len(words), 6)):
        yield " ".join(words[start:]), text, name_kind, record["type"], record["slug"], record["name"]


def _iter_records(transaction: ReadTransaction, known_words: bytes) -> Iterator[dict[str, Any]]:
    """Yield every record of the release with its names and texts, ordered by type and slug."""
    names: dict[RecordRef, list[tuple[str, str]]] = defaultdict(list)
    for record_type, slug, name_kind, text in transaction.fetch(
        "SELECT type, slug, kind, text FROM name ORDER BY type, slug, kind, text", {}
    ):
        names[record_type, slug].append((name_kind, text))
    for record_type, slug, text in transaction.fetch(
        "SELECT type, slug, text FROM search_phrase ORDER BY type, slug, text", {}
    ):
        names[record_type, slug].append(("patient_phrase", text))
    statements: dict[RecordRef, list[str]] = defaultdict(list)
    for record_type, slug, statement in transaction.fetch(
        "SELECT subject_type, subject_slug, statement FROM claim ORDER BY id", {}
    ):
        statements[record_type, slug].append(statement)
    context_names = _find_context_names(transaction, names)
    special_words = _find_special_words(transaction, known_words)
    params: dict[str, Any] = {}
    types = bind_list("type", SEARCHED_TYPES, params)
    sql = f"SELECT type, slug, name, summary, body FROM document WHERE type IN ({types}) ORDER BY type, slug"
    for record_type, slug, name, summary_json, body_json in transaction.fetch(sql, params):
        document = orjson.loads(summary_json)
        summary = document.get("summary") or document.get("publisher") or ""
        texts = [*statements.get((record_type, slug), ()), *_iter_texts(orjson.loads(body_json))]
        yield {
            "type": record_type,
            "slug": slug,
            "name": name,
            "summary": summary,
            "names": names.get((record_type, slug)) or [("preferred", name)],
            "context_names": context_names.get((record_type, slug), ()),
            "special_words": special_words.get((record_type, slug), set()),
            "body_stems": {stem for text in texts for stem in stem_content_words(text)},
            "words": {word for text in (summary, *texts) for word in normalize(text).split()},
            "body_regions": document.get("body_regions", ()),
            "links": orjson.dumps(document["links"]).decode(),
        }


def _iter_texts(document: dict[str, Any]) -> Iterator[str]:
    """Yield the prose of a document: texts and key messages, or the sections of a guide page."""
    for block in (document.get("texts") or {}).values():
        yield from (text["text"] for text in block.get("items", ()))
    for section in document["items"] if document["type"] == "guide_page" else ():
        yield from (section["heading"] or "", section["text"])


def _find_special_words(transaction: ReadTransaction, known_words: bytes) -> dict[RecordRef, set[str]]:
    """Return the words that titles of the sources of a record have and the language has not: what else it is called there."""
    special_words: dict[RecordRef, set[str]] = defaultdict(set)
    sql = (
        "SELECT DISTINCT claim.subject_type, claim.subject_slug, source.title FROM claim"
        " JOIN citation ON citation.claim_id = claim.id JOIN source ON source.slug = citation.source_slug"
        " ORDER BY claim.subject_type, claim.subject_slug, source.title"
    )
    for record_type, slug, title in transaction.fetch(sql, {}):
        words = normalize(title).split()
        special_words[record_type, slug].update(
            word
            for word in words
            if word.isalpha() and len(word) >= _MIN_SPECIAL_WORD and not is_known_word(known_words, word)
        )
    return special_words


_CONTEXT_QUERIES: Final = (
    ("procedure", "SELECT DISTINCT procedure, 'condition', condition FROM indication"),
    ("procedure", "SELECT DISTINCT procedure, 'pain_generator', pain_generator FROM target"),
    ("condition", "SELECT DISTINCT condition, 'pain_generator', pain_generator FROM condition_generator"),
)


def _find_context_names(
    transaction: ReadTransaction, names: Mapping[RecordRef, list[tuple[str, str]]]
) -> dict[RecordRef, set[str]]:
    """Return names of the records that a record is linked to: a query often names both (nerve block for sciatica)."""
    context_names: dict[RecordRef, set[str]] = defaultdict(set)
    for record_type, sql in _CONTEXT_QUERIES:
        for slug, linked_type, linked_slug in transaction.fetch(sql, {}):
            linked_names = names.get((linked_type, linked_slug), ())
            context_names[record_type, slug].update(
                text for name_kind, text in linked_names if name_kind != "patient_phrase"
            )
    sql = "SELECT type, slug, ancestor FROM ancestor ORDER BY type, slug"
    for record_type, slug, ancestor in transaction.fetch(sql, {}):
        context_names[record_type, ancestor] |= context_names.get((record_type, slug), set())
    return context_names
