"""The text index of a release: built once per revision and box, opened by every worker, derived from nothing but content."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson
import tantivy

from app.db.engines import Snapshot
from app.db.statements import named
from app.search.folding import fold
from app.search.turns import made_once
from app.search.words import content_stems, levels, root

# Fields of a record that have a stem, as bits.
NAMES: Final = 1
SUMMARY: Final = 2
BODY: Final = 4
TYPES: Final = ("procedure", "condition", "pain_generator", "risk", "guide_page", "source")
# Records come before guide pages, guide pages before sources.
GROUPS: Final = {"guide_page": 1, "source": 2}
ORDER: Final = {name: place for place, name in enumerate(TYPES)}
# A part of a word that is written apart elsewhere has at least this many letters.
_PART: Final = 4
# Another layout of the index is another folder: an old one is never opened by new code.
LAYOUT: Final = "9"


@dataclass(slots=True)
class Entry:
    """One record as search knows it."""

    type: str
    slug: str
    name: str
    summary: str
    # (kind, text, stems) of each name, patient phrase or title.
    names: list[tuple[str, str, tuple[str, ...]]]
    # Stem -> the fields that have it.
    where: dict[str, int]
    # Its links, as JSON with marks.
    links: bytes
    key: str
    # Records before guide pages before sources; and what stands first among equals: fewer words in its name.
    group: int
    tie: tuple[int, int, str]
    # Its unchanging part of a hit, as JSON.
    head: bytes


@dataclass
class SearchIndex:
    """An opened index."""

    revision: str
    searcher: Any
    schema: Any
    # How many records have a stem: the vocabulary, and what a word is worth.
    frequency: dict[str, int]
    # How many records have a word as it is spelled: what a misspelt one is compared with.
    spelled: dict[str, int]
    total: int
    # Folded whole name -> records that have it.
    exact: dict[str, list[tuple[str, str, str, str]]]
    # (folded text from a word's start, text, kind, type, slug, name), sorted: what is suggested while typing.
    starts: list[tuple[str, str, str, str, str, str]]
    memo: dict[int, Entry] = field(default_factory=dict)
    terms: dict[tuple[str, float], list[Any]] = field(default_factory=dict)

    @cached_property
    def vocabulary(self) -> list[str]:
        """Every stem, sorted."""
        return sorted(self.frequency)

    @cached_property
    def spellings(self) -> dict[int, list[str]]:
        """Every word as it is spelled, by its length: one that is edited once or twice is hardly longer or shorter."""
        found: dict[int, list[str]] = defaultdict(list)
        for word in self.spelled:
            found[len(word)].append(word)
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
        words = sorted({word for row in self.starts for word in row[0].split()})
        return frozenset(stem for word in words for stem in content_stems(word))

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

    def entry(self, address: Any) -> Entry:  # noqa: ANN401 - tantivy's own address
        """A record by its place in the index, parsed once."""
        key = address.doc
        found = self.memo.get(key)
        if found is None:
            if len(self.memo) > 20_000:
                self.memo.clear()
            found = self.memo[key] = _entry(orjson.loads(self.searcher.doc(address)["payload"][0]))
        return found


def _entry(raw: dict[str, Any]) -> Entry:
    names = [(kind, text, tuple(map(sys.intern, words))) for kind, text, words in raw["names"]]
    where: dict[str, int] = {}
    fields = ((NAMES, (stem for _, _, words in names for stem in words)), (SUMMARY, raw["s"]), (BODY, raw["b"]))
    for bit, words in fields:
        for stem in words:
            # The vocabulary is shared by all records: one string a stem.
            where[sys.intern(stem)] = where.get(stem, 0) | bit
    key, name = f"{raw['type']}/{raw['slug']}", raw["name"]
    kind, slug, summary = raw["type"], raw["slug"], raw["summary"]
    head = orjson.dumps({"type": kind, "slug": slug, "name": name, "summary": summary or None})[:-1]
    tie = (len(name.split()), ORDER[kind], slug)
    return Entry(kind, slug, name, summary, names, where, raw["links"].encode(), key, GROUPS.get(kind, 0), tie, head)


def _schema() -> Any:  # noqa: ANN401 - tantivy ships no types
    builder = tantivy.SchemaBuilder()
    for name in ("names", "summary", "body"):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace")
    builder.add_text_field("type", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("key", stored=False, tokenizer_name="raw")
    builder.add_text_field("payload", stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def open_index(snapshot: Snapshot, folder: Path, revision: str, build: str) -> SearchIndex:
    """The index of a revision, built when this box does not have it yet."""
    target = folder / f"{revision}-{build}-{LAYOUT}"
    made_once(target, "facts.json", lambda work: _write(snapshot, work))
    schema = _schema()
    index = tantivy.Index(schema, path=str(target / "index"))
    index.reload()
    facts = orjson.loads((target / "facts.json").read_bytes())
    exact: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for folded, kind, text, type_, slug in facts["exact"]:
        exact[folded].append((kind, text, type_, slug))
    starts = [tuple(row) for row in facts["starts"]]
    return SearchIndex(
        revision, index.searcher(), schema, facts["frequency"], facts["spelled"], facts["total"], dict(exact), starts
    )


def _write(snapshot: Snapshot, work: Path) -> None:
    (work / "index").mkdir()
    index = tantivy.Index(_schema(), path=str(work / "index"))
    # One thread and one commit make one segment: every box ranks alike.
    writer = index.writer(heap_size=256_000_000, num_threads=1)
    frequency: Counter[str] = Counter()
    spelled: Counter[str] = Counter()
    exact: list[tuple[str, str, str, str, str]] = []
    starts: list[tuple[str, str, str, str, str, str]] = []
    total = 0
    for record in _records(snapshot):
        names = [[kind, text, content_stems(levels(text))] for kind, text in record["names"]]
        summary, body = set(content_stems(levels(record["summary"]))), set(record["body"])
        words = {word for _, _, stems in names for word in stems}
        frequency.update(words | summary | body)
        spelled.update(record["spelled"] | {word for _, text in record["names"] for word in fold(text).split()})
        total += 1
        payload = {
            "type": record["type"],
            "slug": record["slug"],
            "name": record["name"],
            "summary": record["summary"],
            "names": names,
            "s": sorted(summary),
            "b": sorted(body),
            "links": record["links"],
        }
        document = tantivy.Document()
        document.add_text("names", " ".join(sorted(words)))
        document.add_text("summary", " ".join(sorted(summary)))
        document.add_text("body", " ".join(sorted(body)))
        document.add_text("type", record["type"])
        document.add_text("key", f"{record['type']}/{record['slug']}")
        document.add_text("payload", orjson.dumps(payload).decode())
        writer.add_document(document)
        for kind, text in record["names"]:
            exact.append((fold(levels(text)), kind, text, record["type"], record["slug"]))
            if record["type"] != "source" and kind != "patient_phrase":
                starts.extend(_starts(text, kind, record))
    writer.commit()
    writer.wait_merging_threads()
    facts = {
        "frequency": dict(sorted(frequency.items())),
        "spelled": dict(sorted(spelled.items())),
        "total": total,
        "exact": sorted(exact),
        "starts": sorted(starts),
    }
    (work / "facts.json").write_bytes(orjson.dumps(facts))


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
    given: dict[str, Any] = {}
    among = named("type", TYPES, given)
    shown = f"SELECT type, slug, name, summary FROM document WHERE type IN ({among}) ORDER BY type, slug"
    for type_, slug, name, raw in snapshot.fetch(shown, given):
        document = orjson.loads(raw)
        summary = document.get("summary") or ""
        mine = names.get((type_, slug)) or [("preferred", name)]
        texts = [summary, *statements.get((type_, slug), ())]
        body = {word for text in texts[1:] for word in content_stems(text)}
        spelled = {word for text in texts for word in fold(text).split()}
        yield {
            "type": type_,
            "slug": slug,
            "name": name,
            "summary": summary,
            "names": mine,
            "body": body,
            "spelled": spelled,
            "links": orjson.dumps(document["links"]).decode(),
        }
