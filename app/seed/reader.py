"""From a directory of seed files to a bundle, or to every finding at once: file, line, JSON pointer, what would be right."""

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain import vocabulary
from app.domain.patterns import validation_message
from app.errors import KnowledgeBaseError
from app.seed import schema as seed
from app.seed.diff import hash_content
from app.text.nearest import find_nearest

M = TypeVar("M", bound=BaseModel)
# Characters of a wrong value that a finding repeats.
MAX_SHOWN: Final = 120
# How many objects and lists may stand in one another: far more than any record has, and less than what hashing takes.
MAX_DEPTH: Final = 100


@dataclass(frozen=True, order=True)
class SeedProblem:
    """One thing wrong with the seed."""

    file: str
    line: int
    pointer: str
    message: str

    def __str__(self) -> str:
        shown = f"{self.file}:{self.line}: {self.pointer or '/'}: {self.message}"
        # What a file holds may be no text that a terminal takes (a lone surrogate, an escape sequence).
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


class SeedInvalid(KnowledgeBaseError):
    """The seed does not load; `findings` holds everything that is wrong with it."""

    code = "seed_refused"
    title = "The seed files were refused"

    def __init__(self, findings: list[SeedProblem]) -> None:
        super().__init__(f"{len(findings)} finding{'s' if len(findings) != 1 else ''} in the seed files")
        self.problems = sorted(findings)


def _id(claim: seed.AnyClaimIn) -> str:
    return claim.id


@dataclass
class Bundle:
    """The whole content as read: records by family, in the order of their slugs."""

    procedures: list[seed.ProcedureIn] = field(default_factory=list)
    conditions: list[seed.ConditionIn] = field(default_factory=list)
    pain_generators: list[seed.PainGeneratorIn] = field(default_factory=list)
    risks: list[seed.RiskIn] = field(default_factory=list)
    sources: list[seed.SourceIn] = field(default_factory=list)
    guide: list[seed.GuidePageIn] = field(default_factory=list)
    withdrawn: list[seed.WithdrawnIn] = field(default_factory=list)
    releases: list[seed.ReleaseFile] = field(default_factory=list)
    about: seed.About | None = None
    editorial: seed.Editorial | None = None
    # Where each record came from: (type, slug) -> file and pointer prefix, for findings.
    locations: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    # The content as plain JSON values, by "family/slug": what diffs, hashes and releases speak of.
    entities: dict[str, Any] = field(default_factory=dict)
    content_hash: str = ""
    root: Path = Path()
    # Slugs and claim ids of records that could not be read: what refers to them is not a second fault.
    unreadable_slugs: dict[str, set[str]] = field(default_factory=dict)
    # Types of which a whole file could not be read: no reference to them can be called dangling.
    unreadable_types: set[str] = field(default_factory=set)

    def add_unreadable(self, kind: str, data: Any) -> None:  # noqa: ANN401 - whatever the file holds
        """Remember what a record that did not read would have been called."""
        if not isinstance(data, dict):
            return
        if isinstance(data.get("slug"), str):
            self.unreadable_slugs.setdefault(kind, set()).add(data["slug"])
        claims = data.get("claims")
        ids = [claim.get("id") for claim in claims if isinstance(claim, dict)] if isinstance(claims, list) else []
        self.unreadable_slugs.setdefault("claim", set()).update(one for one in ids if isinstance(one, str))

    def records(self) -> Iterator[tuple[str, seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn]]:
        """Procedures, conditions and pain generators with their type."""
        yield from (("procedure", record) for record in self.procedures)
        yield from (("condition", record) for record in self.conditions)
        yield from (("pain_generator", record) for record in self.pain_generators)

    def claims(self) -> Iterator[tuple[str, str, seed.AnyClaimIn]]:
        """Every claim with the type and slug of what it is about, by id in each: their order in a file says nothing."""
        for kind, record in self.records():
            yield from ((kind, record.slug, claim) for claim in sorted(record.claims, key=_id))
        for page in self.guide:
            yield from (("guide_page", page.slug, claim) for claim in sorted(page.claims, key=_id))

    def find_line(self, file: str, pointer: str) -> int:
        """Line of a JSON pointer in a file, 1 where it cannot be told."""
        return find_line((self.root / file).read_text(encoding="utf-8"), pointer)


# Folder or file, the class of its entries, the key of a list file, the attribute of the bundle, the type of the record.
FOLDERS: Final = (
    ("procedures", seed.ProcedureIn, "procedures", "procedure"),
    ("conditions", seed.ConditionIn, "conditions", "condition"),
    ("pain_generators", seed.PainGeneratorIn, "pain_generators", "pain_generator"),
)
LIST_FILES: Final = (
    ("risks.json", "risks", seed.RiskIn, "risks", "risk"),
    ("sources.json", "sources", seed.SourceIn, "sources", "source"),
    ("guide.json", "pages", seed.GuidePageIn, "guide", "guide_page"),
    ("withdrawn.json", "withdrawn", seed.WithdrawnIn, "withdrawn", "withdrawn"),
)
SINGLE_FILES: Final = (("about.json", seed.About, "about"), ("editorial.json", seed.Editorial, "editorial"))


class _DuplicateKey(ValueError):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return found


def read_seed(root: Path, *, on_file: Callable[[str], None] = lambda _: None) -> tuple[Bundle, list[SeedProblem]]:
    """Read every seed file below `root`. Findings hold all that single files show; the bundle has what could be read."""
    content, findings = Bundle(root=root), []
    for folder, cls, attribute, kind in FOLDERS:
        for path in _json_files(root / folder):
            on_file(folder)
            findings += _read_record(content, path, cls, attribute, kind)
    for name, key, entry, attribute, kind in LIST_FILES:
        if os.path.lexists(root / name):
            findings += _read_list(content, root / name, key, entry, attribute, kind)
    for name, single, attribute in SINGLE_FILES:
        path = root / name
        if not os.path.lexists(path):
            findings.append(SeedProblem(name, 1, "", "the file is missing"))
            continue
        data, bad = _parse(content, path)
        findings += bad
        if data is not None:
            record, bad = _validate(content, path, "", single, data)
            findings += bad
            setattr(content, attribute, record)
            content.entities[name.removesuffix(".json")] = _without_schema(data)
    for path in _json_files(root / "releases"):
        on_file("releases")
        data, bad = _parse(content, path)
        findings += bad
        if data is not None:
            release, bad = _validate(content, path, "", seed.ReleaseFile, data)
            findings += bad
            if release is not None:
                content.releases.append(release)
    content.releases.sort(key=lambda release: release.version_key)
    content.content_hash = hash_content(content.entities)
    return content, findings


def read_seed_file(path: Path, cls: type[M]) -> M:
    """One file by itself, which need not be part of a seed. SeedRefused holds every finding."""
    content = Bundle(root=path.parent)
    data, findings = _parse(content, path)
    if data is not None:
        record, findings = _validate(content, path, "", cls, data)
        if record is not None:
            return record
    raise SeedInvalid(findings)


# The last line of an export: the SHA-256 of all the bytes before it.
_CHECKSUM_LINE: Final = re.compile(r'^"sha256":"([0-9a-f]{64})"\}\n?\Z', re.MULTILINE)


def read_export(path: Path) -> seed.ReleaseExportIn:
    """The export of a release, `release.json`. SeedRefused when it is not whole, or not as it was exported."""
    try:
        text = _text(path)
        _verify_checksum(text)
    except _Unreadable as error:
        raise SeedInvalid([SeedProblem(path.name, error.line, "", str(error))]) from None
    return read_seed_file(path, seed.ReleaseExportIn)


def _verify_checksum(text: str) -> None:
    seal = _CHECKSUM_LINE.search(text)
    if seal is None:
        raise _Unreadable("does not end with its hash: it was cut short, or is not release.json of /v1/export")
    if hashlib.sha256(text[: seal.start()].encode()).hexdigest() != seal[1]:
        raise _Unreadable("the last line names another hash: fetch the file again, and keep it as it comes")


def _json_files(folder: Path) -> list[Path]:
    # x.JSON as well: a file that is passed over in silence is looked for at length.
    return sorted(path for path in folder.glob("*") if path.name[:1] != "." and path.suffix.lower() == ".json")


def _read_record(content: Bundle, path: Path, cls: type[seed.RecordIn], attribute: str, kind: str) -> list[SeedProblem]:
    data, findings = _parse(content, path)
    if data is None:
        content.unreadable_slugs.setdefault(kind, set()).add(path.stem)
        content.unreadable_types.add("claim")
        return findings
    record, bad = _validate(content, path, "", cls, data)
    findings += bad
    file = path.relative_to(content.root).as_posix()
    slug = data.get("slug") if isinstance(data, dict) else None
    if isinstance(slug, str) and path.name != f"{slug}.json":
        findings.append(
            SeedProblem(
                file,
                content.find_line(file, "/slug"),
                "/slug",
                f"the file is called {path.name}: name it {slug}.json",
            )
        )
    if record is None:
        content.unreadable_slugs.setdefault(kind, set()).add(path.stem)
        content.add_unreadable(kind, data)
    else:
        getattr(content, attribute).append(record)
        content.locations.setdefault((kind, record.slug), (file, ""))
        content.entities[f"{path.parent.name}/{record.slug}"] = _without_schema(data)
    return findings


def _read_list(content: Bundle, path: Path, key: str, cls: type[seed.SeedModel], attribute: str, kind: str) -> list[SeedProblem]:
    data, findings = _parse(content, path)
    if data is None:
        content.unreadable_types |= {kind, "claim"} if kind == "guide_page" else {kind}
        return findings
    file = path.relative_to(content.root).as_posix()
    unknown = sorted(set(data) - {"$schema", key}) if isinstance(data, dict) else []
    findings += [
        SeedProblem(file, content.find_line(file, f"/{name}"), f"/{name}", _unknown_field(name, ["$schema", key]))
        for name in unknown
    ]
    entries = data.get(key) if isinstance(data, dict) else None
    if not isinstance(entries, list):
        content.unreadable_types.add(kind)
        return [*findings, SeedProblem(file, 1, f"/{key}", f"a list of entries is expected under {key!r}")]
    for place, entry in enumerate(entries):
        record, bad = _validate(content, path, f"/{key}/{place}", cls, entry)
        findings += bad
        if record is None:
            content.add_unreadable(kind, entry)
            continue
        getattr(content, attribute).append(record)
        slug = record.slug  # type: ignore[attr-defined]
        content.locations.setdefault((kind, slug), (file, f"/{key}/{place}"))
        # The guide keeps the order of its file, so a page's place is content.
        content.entities[f"{path.stem}/{slug}"] = {**entry, "place": place} if kind == "guide_page" else entry
    getattr(content, attribute).sort(key=lambda record: record.slug) if kind != "guide_page" else None
    return findings


def _without_schema(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != "$schema"}


class _Unreadable(Exception):
    """A file that no JSON object can be read from: the line, and what is wrong."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def _parse(content: Bundle, path: Path) -> tuple[dict[str, Any] | None, list[SeedProblem]]:
    try:
        return _object(_text(path)), []
    except _Unreadable as error:
        return None, [SeedProblem(path.relative_to(content.root).as_posix(), error.line, "", str(error))]


def _text(path: Path) -> str:
    # A pipe or a device would be waited for, or read without end.
    if path.exists() and not path.is_file():
        raise _Unreadable("not a file: take it away, or put a file of that name in its place")
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8 at byte {error.start}: save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise _Unreadable("begins with a byte order mark: save the file as UTF-8 without one")
    return text


def _object(text: str) -> dict[str, Any]:
    def line_with(what: str) -> int:
        return next((n for n, row in enumerate(text.split("\n"), 1) if what in row), 1)

    try:
        data = json.loads(
            text,
            object_pairs_hook=_no_duplicates,
            parse_constant=_refuse_number,
            parse_int=_storable_int,
            parse_float=_storable_float,
        )
    except json.JSONDecodeError as error:
        raise _Unreadable(f"not JSON: {error.msg} in column {error.colno}", error.lineno) from None
    except _DuplicateKey as error:
        raise _Unreadable(f"the key {str(error)!r} stands twice in one object", line_with(f'"{error}"')) from None
    except _NumberRefused as error:
        raise _Unreadable(f"{str(error)[:MAX_SHOWN]} is no number that can be stored", line_with(str(error))) from None
    except RecursionError:
        raise _Unreadable("nested too deeply to be read") from None
    if not isinstance(data, dict):
        raise _Unreadable("an object is expected")
    return data


class _NumberRefused(ValueError):
    pass


def _refuse_number(literal: str) -> float:
    raise _NumberRefused(literal)


def _storable_int(literal: str) -> int:
    # 2**53: what every reader of JSON holds without loss.
    if len(literal) > 17 or abs(int(literal)) > 2**53:
        raise _NumberRefused(literal)
    return int(literal)


def _storable_float(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise _NumberRefused(literal)
    return number


def _validate(content: Bundle, path: Path, prefix: str, cls: type[M], data: Any) -> tuple[M | None, list[SeedProblem]]:  # noqa: ANN401
    file = path.relative_to(content.root).as_posix()
    try:
        record = cls.model_validate(data)
    except ValidationError as error:
        text = path.read_text(encoding="utf-8")
        return None, [_finding(file, text, prefix, cls, data, problem) for problem in error.errors()]
    # What is under a key of `value` is plain text to its class: the rule of what can be stored holds there as well.
    bad = [SeedProblem(file, content.find_line(file, at), at, why) for at, why in _unstorable(prefix, data, MAX_DEPTH)]
    return (None if bad else record), bad


def _unstorable(pointer: str, data: Any, deeper: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    if not deeper:
        yield pointer, "nested too deeply to be stored"
    elif isinstance(data, str) and (why := seed.find_control_character(data)):
        yield pointer, why
    elif isinstance(data, dict):
        for key, value in data.items():
            if why := seed.find_control_character(key):
                yield pointer, why
            yield from _unstorable(f"{pointer}/{_escape(key)}", value, deeper - 1)
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from _unstorable(f"{pointer}/{n}", value, deeper - 1)


def _finding(file: str, text: str, prefix: str, cls: type[BaseModel], data: Any, problem: Any) -> SeedProblem:  # noqa: ANN401
    pointer, known = prefix, _Walk(cls, data)
    for step in problem["loc"]:
        if known.enter(step):
            pointer += f"/{_escape(str(step))}"
    message = validation_message(problem)
    if problem["type"] == "extra_forbidden":
        message = _unknown_field(str(problem["loc"][-1]), known.fields(problem["loc"]))
    elif problem["type"] == "missing":
        message = f"the field {problem['loc'][-1]!r} is required"
    elif problem["type"] == "union_tag_invalid":
        kinds = list(vocabulary.CLAIM_KINDS)
        near = find_nearest(str(problem["ctx"]["tag"]), kinds, limit=1)
        message = f"{problem['ctx']['tag']!r} is not a kind of claim" + (
            f": {near[0]!r} is the nearest" if near else f": one of {', '.join(kinds)}"
        )
    elif isinstance(problem.get("input"), str | int | float) and "not one of" not in message:
        found = repr(problem["input"])
        message += f" (found {found if len(found) <= MAX_SHOWN else found[:MAX_SHOWN] + '...'})"
    return SeedProblem(file, find_line(text, pointer), pointer, message)


def _unknown_field(name: str, fields: Iterable[str]) -> str:
    fields = list(fields)
    near = find_nearest(name, fields, limit=1)
    return f"unknown field {name!r}" + (f": {near[0]!r} is the nearest" if near else f": known are {', '.join(fields)}")


class _Walk:
    """Follows pydantic's location through the data, leaving out the steps that are tags of unions and not keys."""

    def __init__(self, cls: type[BaseModel], data: Any) -> None:  # noqa: ANN401
        self.cls, self.here = cls, data

    def enter(self, step: str | int) -> bool:
        if isinstance(self.here, dict) and isinstance(step, str):
            if step in self.here:
                self.here = self.here[step]
                return True
            # A tag of the union of claims is no key of the file; a missing field is, and is pointed at all the same.
            return step not in vocabulary.CLAIM_KINDS
        if isinstance(self.here, list) and isinstance(step, int) and step < len(self.here):
            self.here = self.here[step]
            return True
        return False

    def fields(self, loc: Iterable[str | int]) -> list[str]:
        schema = self.cls.model_json_schema(by_alias=True)
        here: Any = schema
        for step in list(loc)[:-1]:
            here = _resolve(schema, here)
            if isinstance(step, int):
                here = here.get("items", {})
            elif "discriminator" in here:
                here = {"$ref": here["discriminator"]["mapping"].get(step, "")}
            else:
                here = here.get("properties", {}).get(step, here.get("additionalProperties", {}))
                here = here if isinstance(here, dict) else {}
        return list(_resolve(schema, here).get("properties", {}))


def _resolve(schema: dict[str, Any], node: Any) -> dict[str, Any]:  # noqa: ANN401
    while isinstance(node, dict) and (
        ref := node.get("$ref") or next((part.get("$ref") for part in node.get("anyOf", ()) if "$ref" in part), None)
    ):
        node = schema.get("$defs", {}).get(ref.rsplit("/", 1)[-1], {})
    return node if isinstance(node, dict) else {}


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


_TOKEN: Final = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}\[\],:])|([^\s{}\[\],:"]+))')


def find_line(text: str, pointer: str) -> int:
    """Line at which the value (or its key) of a JSON pointer begins; the nearest enclosing one when it is not there."""
    wanted = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    best = (-1, 1)
    path: list[str | int] = []
    in_object: list[bool] = []
    key_follows = False
    for match in _TOKEN.finditer(text):
        string, mark, _ = match.groups()
        if mark in {"}", "]"}:
            path.pop()
            in_object.pop()
            continue
        if mark == ",":
            key_follows = in_object[-1]
            if not key_follows:
                path[-1] = int(path[-1]) + 1
            continue
        if mark == ":" or match.lastindex is None:
            continue
        if string is not None and key_follows:
            path[-1] = json.loads(string)
            key_follows = False
        # A key, or a value: either may be what the pointer names, or what encloses it.
        here = [str(step) for step in path]
        if len(here) > best[0] and here == wanted[: len(here)]:
            best = (len(here), text.count("\n", 0, match.start(match.lastindex)) + 1)
            if len(here) == len(wanted):
                break
        if mark in {"{", "["}:
            in_object.append(mark == "{")
            key_follows = mark == "{"
            path.append("" if key_follows else 0)
    return best[1]
