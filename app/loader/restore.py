"""The seed of an earlier release: from the history that every seed directory holds, from an export, or from git as it was."""

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from app.seed.diff import DoesNotFit, history_of, replay
from app.seed.reader import FOLDERS, LIST_FILES, SINGLE_FILES, read_file
from app.seed.schema import Change, ReleaseExport, ReleaseFile, Slug

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
_FAMILIES: Final = {folder for folder, *_ in FOLDERS} | {name.removesuffix(".json") for name, *_ in LIST_FILES}


class NoSuchRelease(ValueError):
    """The release is not in the history; the message names those that are."""


def seed_from_history(root: Path, version: str, target: Path) -> Path:
    """Write the seed of a release below `target`, by replaying the changes of every release up to it.

    SeedRefused when a file of the history does not read.
    """
    releases = [read_file(file, ReleaseFile) for file in sorted((root / "releases").glob("*.json"))]
    return _write_seed(_up_to(releases, version, root), [], target)


def seed_from_export(export: ReleaseExport, version: str, target: Path) -> Path:
    """Write the seed of an export below `target`, or that of an earlier release out of its history."""
    if version == export.version:
        return _write_seed(export.releases, export.pending, target)
    return _write_seed(_up_to(export.releases, version, "the export"), [], target)


def _up_to(releases: list[ReleaseFile], version: str, where: object) -> list[ReleaseFile]:
    ordered = sorted(releases, key=lambda one: one.order)
    kept = [one for one in ordered if one.order <= _order(version)]
    if not kept or kept[-1].version != version:
        known = ", ".join(one.version for one in ordered) or "none"
        msg = f"{version} is not a release of {where}: known are {known}"
        raise NoSuchRelease(msg)
    return kept


def _write_seed(releases: list[ReleaseFile], pending: list[Change], target: Path) -> Path:
    """The files of a seed that holds these releases, and the changes since the last of them."""
    try:
        history = history_of(releases)
    except DoesNotFit as error:
        msg = f"releases/{error.version}.json: the history does not replay: {error}"
        raise NoSuchRelease(msg) from None
    try:
        # Values are copied by way of the models: replaying changes dictionaries in place.
        changed = replay((change.model_copy(deep=True) for change in pending), history.state)
    except (KeyError, TypeError, IndexError) as error:
        msg = f"a pending change does not fit the last release: {error!r}"
        raise NoSuchRelease(msg) from None
    state = {_known(entity): plain(value) for entity, value in changed.items()}
    target.mkdir(parents=True, exist_ok=True)
    for folder, *_ in FOLDERS:
        (target / folder).mkdir()
    for entity, value in state.items():
        family, _, slug = entity.partition("/")
        if any(family == folder for folder, *_ in FOLDERS):
            _put(target / family / f"{slug}.json", value)
    for name, key, *_ in LIST_FILES:
        family = name.removesuffix(".json")
        entries = [value for entity, value in sorted(state.items()) if entity.partition("/")[0] == family]
        _put(target / name, {key: _in_place(entries)})
    for name, *_ in SINGLE_FILES:
        if (value := state.get(name.removesuffix(".json"))) is not None:
            _put(target / name, value)
    (target / "releases").mkdir()
    for one in releases:
        _put(target / "releases" / f"{one.version}.json", one.model_dump())
    return target


def _known(entity: str) -> str:
    # It becomes the name of a file, and what is read here may come from anywhere.
    family, _, slug = entity.partition("/")
    try:
        if f"{entity}.json" in {name for name, *_ in SINGLE_FILES} or (
            family in _FAMILIES and _SLUG.validate_python(slug)
        ):
            return entity
    except ValidationError:
        pass
    msg = f"{entity!r} in the history is no record that a seed holds"
    raise NoSuchRelease(msg)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _put(file: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _in_place(entries: list[Any]) -> list[Any]:
    """Entries in the order of their `place` where their order is content (the guide), and without it, as files have them."""
    # An entry that is no object stays what it is: reading the seed says so.
    placed = [(one.get("place", 0), one) if isinstance(one, dict) else (0, one) for one in entries]
    ordered = sorted(placed, key=lambda pair: pair[0] if isinstance(pair[0], int) else 0)
    return [
        {key: value for key, value in one.items() if key != "place"} if isinstance(one, dict) else one
        for _, one in ordered
    ]


def plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """The way back from `canonical`: objects by id become the list of entries that they were."""
    if isinstance(value, dict):
        by_id = value and all(isinstance(item, dict) and item.get("id") == key for key, item in value.items())
        return [plain(item) for item in value.values()] if by_id else {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def seed_from_git(root: Path, version: str, target: Path) -> Path:
    """Unpack the seed directory below `target` as it was in the commit that added the file of a release."""
    file = root / "releases" / f"{version}.json"
    commit = _git(root, "log", "--all", "--diff-filter=A", "--format=%H", "-1", "--", str(file)).decode().strip()
    if not commit:
        msg = f"{version} is in no commit of the repository around {root}"
        raise NoSuchRelease(msg)
    # Run inside the directory, git packs that directory.
    packed = _git(root, "archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(target, filter="data")
    return target


def _git(root: Path, *arguments: str) -> bytes:
    try:
        # A fixed program; what comes from outside are a directory and a version, each an argument of its own.
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)  # noqa: S603, S607
    except FileNotFoundError:
        msg = "git is not installed here: take the release from the history, without --from-git"
        raise NoSuchRelease(msg) from None
    except subprocess.CalledProcessError as error:
        raise NoSuchRelease(error.stderr.decode(errors="replace").strip()) from None
    return done.stdout
