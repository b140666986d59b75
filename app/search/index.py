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

from app.db.read_engine import Snapshot
from app.db.statements import named
from app.files.build_once import made_once
from app.search.explanations import lead, said
from app.search.stemming import content_stems, levels, root
from app.text.normalize import fold

# Fields of a record that have a stem, as bits.
NAMES: Final = 1
SUMMARY: Final = 2
BODY: Final = 4
# Names of what it is indicated for, acts on or arises from.
CONTEXT: Final = 8
# What a match in a name of this kind is worth.
KIND_WEIGHT: Final = {"preferred": 1.0, "synonym": 0.95, "abbreviation": 0.95, "lay_name": 0.93, "patient_phrase": 0.85}
PHRASE_OF_OTHERS: Final = 0.9
TYPES: Final = ("procedure", "condition", "pain_generator", "risk", "guide_page", "source")
# Records come before guide pages, guide pages before sources.
GROUPS: Final = {"guide_page": 1, "source": 2}
ORDER: Final = {name: place for place, name in enumerate(TYPES)}
# A part of a word that is written apart elsewhere has at least this many letters.
_PART: Final = 4
# What a word of the query is worth where the best place that has it is this one.
IN_NAME: Final = 1.0
IN_CONTEXT: Final = 0.75
IN_SUMMARY: Final = 0.65
IN_BODY: Final = 0.45
# The same for every set of places.
WORTH: Final = tuple(
    max(
        IN_NAME if bits & NAMES else 0.0,
        IN_CONTEXT if bits & CONTEXT else 0.0,
        IN_SUMMARY if bits & SUMMARY else 0.0,
        IN_BODY if bits & BODY else 0.0,
    )
    for bits in range((NAMES | SUMMARY | BODY | CONTEXT) + 1)
)
# So well (0 to about 1.1) fits a name of which a word or a few are enough.
NEAR: Final = 0.5
# Fields of the index: words of records and guide pages, words of sources.
RECORDS: Final = "words"
SOURCES: Final = "source_words"
# The best that the index finds are looked at; what comes after them is not counted either. More of them where types are chosen.
LOOKED_AT: Final = {RECORDS: 30, SOURCES: 10}
OF_CHOSEN_TYPES: Final = 100
# How often a stem of a field is written into the index for once that it stands there: what ranks the candidates.
_TIMES: Final = ((NAMES, 6), (CONTEXT, 2), (SUMMARY, 2), (BODY, 1))
# Records whose names are words of the field; what phrases, guide pages and sources say is everyone's language.
_SPEAKING: Final = frozenset({"procedure", "condition", "pain_generator", "risk"})
# Another layout of the index is another folder: an old one is never opened by new code.
LAYOUT: Final = "13"


@dataclass(slots=True)
class Name:
    """One name of a record."""

    kind: str
    text: str
    stems: tuple[str, ...]
    # What its words are worth: the rarer, the more.
    worth: dict[str, float]
    total: float
    # What a match in a name of its kind is worth.
    weight: float
    # What is said where it matched and is not the whole query, and what leads to the marks in it, as JSON.
    said: bytes
    lead: bytes


@dataclass(slots=True)
class Entry:
    """One record as search knows it."""

    type: str
    slug: str
    name: str
    summary: str
    # Each name, patient phrase or title.
    names: list[Name]
    # Stem -> the fields that have it.
    where: dict[str, int]
    # Stem -> the name that fits best where nothing else is asked for; and the hit that it makes where it is enough of that.
    best: dict[str, "Best"]
    sure: dict[str, "Hit"]
    # Stems that are a whole name.
    alone: frozenset[str]
    # Its links, as JSON.
    links: bytes
    key: str
    # Records before guide pages before sources; and what stands first among equals: fewer words in its name.
    group: int
    tie: tuple[int, int, str]
    # Its unchanging part of a hit, as JSON; the name and the summary with what leads to their marks.
    head: bytes
    marked: tuple[tuple[str, bytes], ...]
    # Stem -> what is marked for it alone in these, as JSON; made when it is first shown.
    shown: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Hit:
    """A record found, and why."""

    entry: Entry
    score: float
    field: str
    kind: str
    text: str
    exact: bool
    # Stems of the query that the record has.
    present: Sequence[str]
    # Where it stands among others: the lower, the earlier.
    rank: tuple[int, float, tuple[int, int, str]]
    # The name that matched and is not the whole query.
    name: Name | None = None


@dataclass(slots=True)
class Best:
    """The name of a record that fits a stem best, where nothing else is asked for."""

    # The share of the name that the stem is, and how well the name fits.
    share: float
    name: Name
    fitting: float


def hit_of(entry: Entry, score: float, found: tuple[str, str, str], present: Sequence[str], *, exact: bool) -> Hit:
    """A record found in a field, by a name or text of a kind: `found` is the three."""
    score = round(score, 2)
    return Hit(entry, score, *found, exact, present, (entry.group, -score, entry.tie))


def hit_by_name(entry: Entry, score: float, name: Name, present: Sequence[str]) -> Hit:
    """A record found by a name that is not the whole query."""
    hit = hit_of(entry, score, ("names", name.kind, name.text), present, exact=False)
    hit.name = name
    return hit


@dataclass
class SearchIndex:
    """An opened index."""

    revision: str
    searcher: Any
    schema: Any
    # How many records have a stem: the vocabulary, and what a word is worth.
    frequency: dict[str, int]
    # How many records have a word as it is spelled.
    spelled: dict[str, int]
    # Every word of a record's name as it is spelled, sorted: words of the field, and what a misspelt one is compared with.
    name_words: list[str]
    total: int
    # Folded whole name -> records that have it: (kind, text, place in the index).
    exact: dict[str, list[tuple[str, str, int]]]
    # (folded text from a word's start, text, kind, type, slug, name), sorted: what is suggested while typing.
    starts: list[tuple[str, str, str, str, str, str]]
    # (field, stem) that more records have than are looked at -> places of those that it says most about.
    champions: dict[tuple[str, str], list[int]]
    # Makes links of the marks in a document.
    linked: Callable[[bytes], bytes]
    memo: dict[int, Entry] = field(default_factory=dict)
    terms: dict[tuple[str, str], Any] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every stem, sorted."""
        return sorted(self.frequency)

    @cached_property
    def spellings(self) -> dict[int, list[str]]:
        """Every word of a name by its length: one that is edited once or twice is hardly longer or shorter."""
        found: dict[int, list[str]] = defaultdict(list)
        for word in self.name_words:
            found[len(word)].append(word)
        return dict(found)

    @cached_property
    def sounds(self) -> dict[str, list[str]]:
        """What a word of a name sounds like -> the words."""
        found: dict[str, list[str]] = defaultdict(list)
        for word in self.name_words:
            if word.isalpha():
                found[metaphone(word)].append(word)
        return dict(found)

    @cached_property
    def first_words(self) -> list[str]:
        """Every word that a suggestion may begin with, sorted."""
        return sorted({row[0].split()[0] for row in self.starts})

    @cached_property
    def relatives(self) -> dict[str, list[str]]:
        """Root -> stems of names that have it."""
        found: dict[str, list[str]] = defaultdict(list)
        for stem in sorted(self.named):
            found[root(stem)].append(stem)
        return dict(found)

    @cached_property
    def named(self) -> frozenset[str]:
        """Stems of the words of names."""
        return frozenset(stem for word in self.name_words for stem in content_stems(word))

    @cached_property
    def written_apart(self) -> dict[str, tuple[str, str]]:
        """Two words that stand together in a name, as one word -> the two: kneepain, intraarticular."""
        found: dict[str, tuple[str, str]] = {}
        for row in self.starts:
            first, second = (*row[0].split(maxsplit=2), "", "")[:2]
            if len(first) >= _PART and len(second) >= _PART and content_stems(first) and content_stems(second):
                found.setdefault(first + second, (first, second))
        return found

    @cached_property
    def abbreviations(self) -> dict[str, list[str]]:
        """An abbreviation -> the words that the names of all records with it share."""
        shared: dict[str, list[str]] = {}
        for start, text, kind, _, _, name in self.starts:
            if kind == "abbreviation" and fold(text) == start:
                words = fold(name).split()
                shared[start] = [word for word in shared.get(start, words) if word in words]
        return {short: words for short, words in shared.items() if words and words != [short]}

    def worth(self, stem: str) -> float:
        """What a word is worth: the fewer records have it, the more."""
        return math.log(1 + self.total / self.frequency.get(stem, 1)) + 0.3

    def entry(self, place: int) -> Entry:
        """A record by its place in the index, parsed once."""
        found = self.memo.get(place)
        if found is None:
            if len(self.memo) > 20_000:
                self.memo.clear()
            # One segment holds all of them.
            stored = self.searcher.doc(tantivy.DocAddress(0, place))
            raw = orjson.loads(stored["payload"][0])
            found = self.memo[place] = _entry(raw, self.linked(raw["links"].encode()), self.worth)
        return found


def weight_of(kind: str, type_: str) -> float:
    """What a match in such a name is worth: what hurts says what a condition is, more than what is done about it."""
    return KIND_WEIGHT.get(kind, 0.9) * (PHRASE_OF_OTHERS if kind == "patient_phrase" and type_ != "condition" else 1.0)


def fit(name: Name, coverage: float, share: float) -> float:
    """How well a name fits (0 to 1.15): by the share of the query that it has, and the share of it that the query has."""
    complete = 0.15 if share > 0.999 and coverage > 0.95 else 0.0
    return name.weight * (coverage * (0.55 + 0.45 * share) + complete)


def _entry(raw: dict[str, Any], links: bytes, worth: Callable[[str], float]) -> Entry:
    names = [_name(kind, text, words, raw["type"], worth) for kind, text, words in raw["names"]]
    where: dict[str, int] = {}
    fields = (
        (NAMES, (stem for name in names for stem in name.stems)),
        (SUMMARY, raw["s"]),
        (BODY, raw["b"]),
        (CONTEXT, raw["c"]),
    )
    for bit, words in fields:
        for stem in words:
            # The vocabulary is shared by all records: one string a stem.
            where[sys.intern(stem)] = where.get(stem, 0) | bit
    key, name = f"{raw['type']}/{raw['slug']}", raw["name"]
    kind, slug, summary = raw["type"], raw["slug"], raw["summary"]
    marked = tuple((text, lead(field, text)) for field, text in (("name", name), ("summary", summary)) if text)
    entry = Entry(
        type=kind,
        slug=slug,
        name=name,
        summary=summary,
        names=names,
        where=where,
        best={},
        sure={},
        alone=frozenset(name.stems[0] for name in names if len(name.stems) == 1),
        links=links,
        key=key,
        group=GROUPS.get(kind, 0),
        tie=(len(name.split()), ORDER[kind], slug),
        head=orjson.dumps({"type": kind, "slug": slug, "name": name, "summary": summary or None})[:-1],
        marked=marked,
    )
    _find_best(entry)
    return entry


def _name(kind: str, text: str, words: list[str], type_: str, worth: Callable[[str], float]) -> Name:
    stems = tuple(map(sys.intern, words))
    each = {stem: worth(stem) for stem in stems}
    why = said("names", kind, text, exact=False)
    return Name(kind, text, stems, each, sum(each.values()), weight_of(kind, type_), why, lead("matched", text))


def _find_best(entry: Entry) -> None:
    best = entry.best
    for name in entry.names:
        for stem, worth in name.worth.items():
            share = worth / name.total
            fitting = fit(name, 1.0, share)
            if stem not in best or fitting > best[stem].fitting:
                best[stem] = Best(share, name, fitting)
    for stem, found in best.items():
        if found.fitting >= NEAR:
            # The word is one of a name: worth all of it.
            entry.sure[stem] = hit_by_name(entry, 60 * found.fitting + 60, found.name, (stem,))


def _schema() -> Any:  # noqa: ANN401 - tantivy ships no types
    builder = tantivy.SchemaBuilder()
    # Sources are many, short and come last: they do not compete with records.
    for name in (RECORDS, SOURCES):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("type", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("payload", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def open_index(
    snapshot: Snapshot, folder: Path, revision: str, build: str, linked: Callable[[bytes], bytes]
) -> SearchIndex:
    """The index of a revision, built when this box does not have it yet. `linked` makes links of marks."""
    target = folder / f"{revision}-{build}-{LAYOUT}"
    made_once(target, "facts.json", lambda work: _write(snapshot, work))
    schema = _schema()
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
        frequency=facts["frequency"],
        spelled=facts["spelled"],
        name_words=facts["name_words"],
        total=facts["total"],
        exact=dict(exact),
        starts=starts,
        champions={(field, stem): places for field, stem, places in facts["champions"]},
        linked=linked,
    )


def _write(snapshot: Snapshot, work: Path) -> None:
    (work / "index").mkdir()
    index = tantivy.Index(_schema(), path=str(work / "index"))
    # One thread and one commit make one segment: every box ranks alike.
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    frequency: Counter[str] = Counter()
    spelled: Counter[str] = Counter()
    name_words: set[str] = set()
    exact: list[tuple[str, str, str, int]] = []
    starts: list[tuple[str, str, str, str, str, str]] = []
    champions: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    total = 0
    for record in _records(snapshot):
        names = [[kind, text, content_stems(levels(text))] for kind, text in record["names"]]
        words = {word for _, _, stems in names for word in stems}
        context = {word for text in record["context"] for word in content_stems(levels(text))}
        fields = {
            NAMES: words,
            SUMMARY: set(content_stems(levels(record["summary"]))),
            BODY: record["body"],
            CONTEXT: context,
        }
        frequency.update(set().union(*fields.values()))
        in_names = {word for _, text in record["names"] for word in fold(text).split()}
        spelled.update(record["spelled"] | in_names)
        if record["type"] in _SPEAKING:
            name_words.update(
                word for kind, text in record["names"] if kind != "patient_phrase" for word in fold(text).split()
            )
        payload = {
            "type": record["type"],
            "slug": record["slug"],
            "name": record["name"],
            "summary": record["summary"],
            "names": names,
            "s": sorted(fields[SUMMARY]),
            "b": sorted(fields[BODY]),
            "c": sorted(context),
            "links": record["links"],
        }
        document = tantivy.Document()
        target = SOURCES if record["type"] == "source" else RECORDS
        for stem, worth in _impacts(names, fields, record["type"]).items():
            held = champions[target, stem]
            push = heapq.heappush if len(held) < LOOKED_AT[target] else heapq.heappushpop
            push(held, (worth, -total))
        document.add_text(target, " ".join(word for bit, times in _TIMES for word in sorted(fields[bit]) * times))
        document.add_text("type", record["type"])
        document.add_text("payload", orjson.dumps(payload).decode())
        writer.add_document(document)
        for kind, text in record["names"]:
            exact.append((fold(levels(text)), kind, text, total))
            if record["type"] != "source" and kind != "patient_phrase":
                starts.extend(_starts(text, kind, record))
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
            if len(best) == LOOKED_AT[field]
        ],
    }
    (work / "facts.json").write_bytes(orjson.dumps(facts))


def _impacts(names: list[Any], fields: dict[int, set[str]], type_: str) -> dict[str, float]:
    """Stem -> what it says about a record, asked for alone: by its place, and by how much of a name it is."""
    found: dict[str, float] = {}
    for bit, stems in fields.items():
        for stem in stems:
            found[stem] = max(found.get(stem, 0.0), WORTH[bit])
    for kind, _, stems in names:
        fitting = 1.0 + weight_of(kind, type_) * (0.55 + 0.45 / len(set(stems))) if stems else 0.0
        for stem in stems:
            found[stem] = max(found[stem], fitting)
    return found


def _starts(text: str, kind: str, record: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str, str]]:
    words = fold(levels(text)).split()
    for place in range(min(len(words), 6)):
        yield " ".join(words[place:]), text, kind, record["type"], record["slug"], record["name"]


def _records(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
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
    context = _context(snapshot, names)
    given: dict[str, Any] = {}
    among = named("type", TYPES, given)
    shown = f"SELECT type, slug, name, summary, body FROM document WHERE type IN ({among}) ORDER BY type, slug"
    for type_, slug, name, raw, body in snapshot.fetch(shown, given):
        document = orjson.loads(raw)
        summary = document.get("summary") or ""
        mine = names.get((type_, slug)) or [("preferred", name)]
        texts = [*statements.get((type_, slug), ()), *_texts(orjson.loads(body))]
        yield {
            "type": type_,
            "slug": slug,
            "name": name,
            "summary": summary,
            "names": mine,
            "context": context.get((type_, slug), ()),
            "body": {word for text in texts for word in content_stems(text)},
            "spelled": {word for text in (summary, *texts) for word in fold(text).split()},
            "links": orjson.dumps(document["links"]).decode(),
        }


def _texts(document: dict[str, Any]) -> Iterator[str]:
    """What a record's document says for people to read: its texts and key messages, what a guide page says."""
    for part in (document.get("texts") or {}).values():
        yield from (one["text"] for one in part.get("items", ()))
    for item in document["items"] if document["type"] == "guide_page" else ():
        yield from (item["heading"] or "", item["text"])


_EDGES: Final = (
    ("procedure", "SELECT DISTINCT procedure, 'condition', condition FROM indication"),
    ("procedure", "SELECT DISTINCT procedure, 'pain_generator', pain_generator FROM target"),
    ("condition", "SELECT DISTINCT condition, 'pain_generator', pain_generator FROM origin"),
)


def _context(
    snapshot: Snapshot, names: Mapping[tuple[str, str], list[tuple[str, str]]]
) -> dict[tuple[str, str], set[str]]:
    """Names of what a record is joined to: the query for it often names both (nerve block for sciatica)."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for type_, edges in _EDGES:
        for slug, other_type, other in snapshot.fetch(edges, {}):
            joined = names.get((other_type, other), ())
            found[type_, slug].update(text for kind, text in joined if kind != "patient_phrase")
    for type_, slug, ancestor in snapshot.fetch("SELECT type, slug, ancestor FROM broader ORDER BY type, slug", {}):
        found[type_, ancestor] |= found.get((type_, slug), set())
    return found
