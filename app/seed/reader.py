"""Seed reader: parses a directory of seed files into a bundle and reports all problems at once."""

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain import patterns
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.patterns import validation_message
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.diff import hash_content
from app.seed.json_pointer import escape_step
from app.seed.problems import SeedInvalid, SeedProblem, did_you_mean

M = TypeVar("M", bound=BaseModel)
# Maximum length of an invalid value in a message.
MAX_SHOWN: Final = 120
# Maximum nesting of objects and lists: far more than any record needs, and less than hashing can handle.
MAX_DEPTH: Final = 100
# Maximum size of a file: thirty times the largest there is. Reading takes about twenty times as much memory.
MAX_FILE_BYTES: Final = 128 * 1024 * 1024

# Folder, class of its files, attribute of the bundle, record type.
RECORD_FOLDERS: Final = (
    ("procedures", seed.ProcedureIn, "procedures", "procedure"),
    ("conditions", seed.ConditionIn, "conditions", "condition"),
    ("pain_generators", seed.PainGeneratorIn, "pain_generators", "pain_generator"),
    ("codes", seed.CodeSystemIn, "code_systems", "code_system"),
)
# File, key of the list in it, class of the entries, attribute of the bundle, record type.
LIST_FILES: Final = (
    ("risks.json", "risks", seed.RiskIn, "risks", "risk"),
    ("sources.json", "sources", seed.SourceIn, "sources", "source"),
    ("guide.json", "pages", seed.GuidePageIn, "guide", "guide_page"),
    ("emergencies.json", "emergencies", seed.EmergencyIn, "emergencies", "emergency"),
    ("withdrawn.json", "withdrawn", seed.WithdrawnIn, "withdrawn", "withdrawn"),
)
# Folder of the reviews; a file each, with any name.
REVIEW_FOLDER: Final = "reviews"
SINGLE_FILES: Final = (("about.json", seed.About, "about"), ("editorial.json", seed.Editorial, "editorial"))


# A file whose name is part of an entity, as slugs are.
_FILE_STEM: Final = re.compile(patterns.SLUG)


class _DuplicateKey(ValueError):
    pass


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> Json:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _DuplicateKey(next(key for key in keys if keys.count(key) > 1))
    return parsed


def read_seed(root: Path, *, on_file: Callable[[str], None] = lambda _: None) -> tuple[Bundle, list[SeedProblem]]:
    """Read every seed file below `root`, calling `on_file` with the folder of each record or release file.

    The problems are those visible in single files; the bundle contains everything that is valid.
    """
    bundle, problems = Bundle(root=root), []
    for folder, cls, attribute, record_type in RECORD_FOLDERS:
        for path in _list_json_files(root / folder):
            on_file(folder)
            problems += _read_record_file(bundle, path, cls, attribute, record_type)
    for name, key, entry_cls, attribute, record_type in LIST_FILES:
        if os.path.lexists(root / name):
            problems += _read_list_file(bundle, root / name, key, entry_cls, attribute, record_type)
    for name, single_cls, attribute in SINGLE_FILES:
        path = root / name
        if not os.path.lexists(path):
            problems.append(SeedProblem(name, 1, "", "the file is missing"))
            continue
        data, new_problems = _parse(bundle, path)
        problems += new_problems
        if data is not None:
            record, new_problems = _validate_entity(bundle, path, "", single_cls, data)
            problems += new_problems
            setattr(bundle, attribute, record)
            bundle.entities[name.removesuffix(".json")] = _drop_schema_key(data)
    for path in _list_json_files(root / REVIEW_FOLDER):
        on_file(REVIEW_FOLDER)
        problems += _read_review_file(bundle, path)
    for path in _list_json_files(root / "releases"):
        on_file("releases")
        data, new_problems = _parse(bundle, path)
        problems += new_problems
        if data is not None:
            release, new_problems = _validate_entity(bundle, path, "", seed.ReleaseFile, data)
            problems += new_problems
            if release is not None:
                bundle.releases.append(release)
    bundle.releases.sort(key=lambda release: release.version_key)
    bundle.content_hash = hash_content(bundle.entities)
    return bundle, problems


def read_seed_file(path: Path, cls: type[M]) -> M:
    """Read a single file, which need not be part of a seed. Raises SeedInvalid with every problem."""
    bundle = Bundle(root=path.parent)
    data, problems = _parse(bundle, path)
    if data is not None:
        record, problems = _validate_entity(bundle, path, "", cls, data)
        if record is not None:
            return record
    raise SeedInvalid(problems)


# The last line of an export: the SHA-256 of all the bytes before it.
_CHECKSUM_LINE: Final = re.compile(r'^"sha256":"([0-9a-f]{64})"\}\n?\Z', re.MULTILINE)


def read_export(path: Path) -> seed.ReleaseExportIn:
    """Read an exported release, `release.json`. Raises SeedInvalid if it is incomplete or was modified."""
    try:
        text = _read_text(path)
        _verify_checksum(text)
    except _Unreadable as error:
        raise SeedInvalid([SeedProblem(path.name, error.line, "", str(error))]) from None
    return read_seed_file(path, seed.ReleaseExportIn)


def _verify_checksum(text: str) -> None:
    match = _CHECKSUM_LINE.search(text)
    if match is None:
        raise _Unreadable("missing checksum line (truncated, or not release.json of /v1/export?)")
    if hashlib.sha256(text[: match.start()].encode()).hexdigest() != match[1]:
        raise _Unreadable("checksum mismatch: download the file again and do not modify it")


def _list_json_files(folder: Path) -> list[Path]:
    # x.JSON too: a silently ignored file would be hard to notice.
    return sorted(path for path in folder.glob("*") if path.name[:1] != "." and path.suffix.lower() == ".json")


def _read_record_file(
    bundle: Bundle, path: Path, cls: type[seed.RecordIn | seed.CodeSystemIn], attribute: str, record_type: str
) -> list[SeedProblem]:
    data, problems = _parse(bundle, path)
    if data is None:
        bundle.unreadable_slugs.setdefault(record_type, set()).add(path.stem)
        bundle.unreadable_types.add("claim")
        return problems
    record, new_problems = _validate_entity(bundle, path, "", cls, data)
    problems += new_problems
    file = path.relative_to(bundle.root).as_posix()
    slug = data.get("slug")
    if isinstance(slug, str) and path.name != f"{slug}.json":
        message = f"the file name {path.name} does not match the slug: rename the file to {slug}.json"
        problems.append(SeedProblem(file, bundle.find_line(file, "/slug"), "/slug", message))
    if record is None:
        bundle.unreadable_slugs.setdefault(record_type, set()).add(path.stem)
        bundle.add_unreadable(record_type, data)
    else:
        getattr(bundle, attribute).append(record)
        bundle.locations.setdefault((record_type, record.slug), (file, ""))
        bundle.entities[f"{path.parent.name}/{record.slug}"] = _drop_schema_key(data)
    return problems


def _read_review_file(bundle: Bundle, path: Path) -> list[SeedProblem]:
    data, problems = _parse(bundle, path)
    if data is None:
        return problems
    file = path.relative_to(bundle.root).as_posix()
    if not _FILE_STEM.fullmatch(path.stem) or path.suffix != ".json":
        problems.append(
            SeedProblem(file, 1, "", "name the file with lower-case letters, digits and hyphens, and .json")
        )
    review, new_problems = _validate_entity(bundle, path, "", seed.ReviewIn, data)
    problems += new_problems
    if review is not None:
        bundle.reviews[path.stem] = review
        bundle.locations["review", path.stem] = (file, "")
        bundle.entities[f"{REVIEW_FOLDER}/{path.stem}"] = _drop_schema_key(data)
    return problems


def _read_list_file(
    bundle: Bundle, path: Path, key: str, cls: type[seed.SeedModel], attribute: str, record_type: str
) -> list[SeedProblem]:
    data, problems = _parse(bundle, path)
    if data is None:
        has_claims = record_type in {"guide_page", "emergency"}
        bundle.unreadable_types |= {record_type, "claim"} if has_claims else {record_type}
        return problems
    file = path.relative_to(bundle.root).as_posix()
    problems += [
        SeedProblem(file, bundle.find_line(file, f"/{name}"), f"/{name}", _unknown_field(name, ["$schema", key]))
        for name in sorted(set(data) - {"$schema", key})
    ]
    entries = data.get(key)
    if not isinstance(entries, list):
        bundle.unreadable_types.add(record_type)
        return [*problems, SeedProblem(file, 1, f"/{key}", f"expected a list of entries under {key!r}")]
    for position, entry in enumerate(entries):
        record, new_problems = _validate_entity(bundle, path, f"/{key}/{position}", cls, entry)
        problems += new_problems
        if record is None:
            bundle.add_unreadable(record_type, entry)
            continue
        getattr(bundle, attribute).append(record)
        slug = record.slug  # type: ignore[attr-defined]
        bundle.locations.setdefault((record_type, slug), (file, f"/{key}/{position}"))
        # The order of guide pages is content, so their position is stored.
        bundle.entities[f"{path.stem}/{slug}"] = {**entry, "place": position} if record_type == "guide_page" else entry
    if record_type != "guide_page":
        getattr(bundle, attribute).sort(key=lambda record: record.slug)
    return problems


def _drop_schema_key(data: Json) -> Json:
    return {key: value for key, value in data.items() if key != "$schema"}


class _Unreadable(Exception):
    """The file contains no JSON object; the message says why, `line` says where."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.line = line


def _parse(bundle: Bundle, path: Path) -> tuple[Json | None, list[SeedProblem]]:
    try:
        return _parse_object(_read_text(path)), []
    except _Unreadable as error:
        return None, [SeedProblem(path.relative_to(bundle.root).as_posix(), error.line, "", str(error))]


def _read_text(path: Path) -> str:
    # Reading a pipe or a device could block or never end.
    if path.exists() and not path.is_file():
        raise _Unreadable("not a regular file")
    try:
        if path.exists() and (size := path.stat().st_size) > MAX_FILE_BYTES:
            raise _Unreadable(f"has {size} bytes; at most {MAX_FILE_BYTES} are read")
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise _Unreadable(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise _Unreadable(f"not UTF-8 at byte {error.start}: save the file as UTF-8") from None
    if text.startswith("\ufeff"):
        raise _Unreadable("starts with a byte order mark: save the file as UTF-8 without one")
    return text


def _parse_object(text: str) -> Json:
    def find_line_with(snippet: str) -> int:
        return next((number for number, line in enumerate(text.split("\n"), 1) if snippet in line), 1)

    try:
        data = json.loads(
            text,
            object_pairs_hook=_reject_duplicate_keys,
            parse_constant=_reject_number,
            parse_int=_parse_int,
            parse_float=_parse_float,
        )
    except json.JSONDecodeError as error:
        raise _Unreadable(f"invalid JSON: {error.msg} at column {error.colno}", error.lineno) from None
    except _DuplicateKey as error:
        raise _Unreadable(f"duplicate key {str(error)!r}", find_line_with(f'"{error}"')) from None
    except _NumberOutOfRange as error:
        raise _Unreadable(f"number out of range: {str(error)[:MAX_SHOWN]}", find_line_with(str(error))) from None
    except RecursionError:
        raise _Unreadable("nested too deeply") from None
    if not isinstance(data, dict):
        raise _Unreadable("expected a JSON object")
    return data


class _NumberOutOfRange(ValueError):
    pass


def _reject_number(literal: str) -> float:
    raise _NumberOutOfRange(literal)


def _parse_int(literal: str) -> int:
    # 2**53: the largest range that every JSON parser keeps exact.
    if len(literal) > 17 or abs(int(literal)) > 2**53:
        raise _NumberOutOfRange(literal)
    return int(literal)


def _parse_float(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise _NumberOutOfRange(literal)
    return number


def _validate_entity(
    bundle: Bundle,
    path: Path,
    prefix: str,
    cls: type[M],
    data: Any,  # noqa: ANN401
) -> tuple[M | None, list[SeedProblem]]:
    file = path.relative_to(bundle.root).as_posix()
    try:
        record = cls.model_validate(data)
    except ValidationError as error:
        return None, [_build_problem(bundle, file, prefix, cls, data, details) for details in error.errors()]
    # The classes treat the text inside `value` as plain strings: check here that it can be stored.
    problems = [
        SeedProblem(file, bundle.find_line(file, pointer), pointer, message)
        for pointer, message in _find_unstorable(prefix, data, MAX_DEPTH)
    ]
    return (None if problems else record), problems


def _find_unstorable(pointer: str, data: Any, depth_left: int) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    if not depth_left:
        yield pointer, "nested too deeply"
    elif isinstance(data, str) and (message := seed.find_control_character(data)):
        yield pointer, message
    elif isinstance(data, dict):
        for key, value in data.items():
            if message := seed.find_control_character(key):
                yield pointer, message
            yield from _find_unstorable(f"{pointer}/{escape_step(key)}", value, depth_left - 1)
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from _find_unstorable(f"{pointer}/{n}", value, depth_left - 1)


def _build_problem(
    bundle: Bundle,
    file: str,
    prefix: str,
    cls: type[BaseModel],
    data: Any,  # noqa: ANN401
    error: Any,  # noqa: ANN401
) -> SeedProblem:
    pointer = prefix + _to_pointer(data, error["loc"])
    message = validation_message(error)
    if error["type"] == "extra_forbidden":
        message = _unknown_field(str(error["loc"][-1]), _list_fields(cls, error["loc"]))
    elif error["type"] == "missing":
        message = f"missing required field {error['loc'][-1]!r}"
    elif error["type"] == "union_tag_invalid":
        tag, claim_kinds = str(error["ctx"]["tag"]), list(CLAIM_KINDS)
        hint = did_you_mean(tag, claim_kinds, f"; expected one of {', '.join(claim_kinds)}")
        message = f"unknown claim kind {tag!r}{hint}"
    elif isinstance(error.get("input"), str | int | float) and "not one of" not in message:
        value = repr(error["input"])
        message += f" (got {value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + '...'})"
    return SeedProblem(file, bundle.find_line(file, pointer), pointer, message)


def _unknown_field(name: str, fields: list[str]) -> str:
    return f"unknown field {name!r}" + did_you_mean(name, fields, f"; known fields: {', '.join(fields)}")


def _to_pointer(data: Any, location: Iterable[str | int]) -> str:  # noqa: ANN401
    """JSON pointer for pydantic's location of an error, without the steps that are tags of the claim union."""
    pointer = ""
    for step in location:
        if isinstance(data, dict) and isinstance(step, str):
            if step in data:
                data = data[step]
            # A missing field is part of the pointer; a union tag is not a key of the file.
            elif step in CLAIM_KINDS:
                continue
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            continue
        pointer += f"/{escape_step(str(step))}"
    return pointer


def _list_fields(cls: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    """Names of the fields that are allowed at pydantic's location of an error."""
    schema = cls.model_json_schema(by_alias=True)
    node: Any = schema
    for step in list(location)[:-1]:
        node = _resolve(schema, node)
        if isinstance(step, int):
            node = node.get("items", {})
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"].get(step, "")}
        else:
            node = node.get("properties", {}).get(step, node.get("additionalProperties", {}))
            node = node if isinstance(node, dict) else {}
    return list(_resolve(schema, node).get("properties", {}))


def _resolve(schema: Json, node: Any) -> Json:  # noqa: ANN401
    while isinstance(node, dict) and (
        ref := node.get("$ref") or next((part.get("$ref") for part in node.get("anyOf", ()) if "$ref" in part), None)
    ):
        node = schema.get("$defs", {}).get(ref.rsplit("/", 1)[-1], {})
    return node if isinstance(node, dict) else {}
