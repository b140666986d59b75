"""Restoring the seed of an earlier release from the history in every seed directory, from an export, or from git."""

import io
import json
import subprocess
import tarfile
from collections import defaultdict
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from app.seed.diff import HistoryConflict, replay, replay_history
from app.seed.reader import LIST_FILES, RECORD_FOLDERS, REVIEW_FOLDER, SINGLE_FILES, read_seed_file
from app.seed.schema import ContentChange, ReleaseExportIn, ReleaseFile, Slug

_SLUG: TypeAdapter[str] = TypeAdapter(Slug)
# Folders with a file for each entity.
_FILE_FOLDERS: Final = (*(folder for folder, *_ in RECORD_FOLDERS), REVIEW_FOLDER)
_FOLDERS: Final = {*_FILE_FOLDERS, *(name.removesuffix(".json") for name, *_ in LIST_FILES)}


class UnknownRelease(ValueError):
    """The release cannot be restored; the message says why."""


def restore_from_history(root: Path, version: str, target: Path) -> Path:
    """Write the seed of a release to `target` by replaying the changes of all releases up to it.

    Raises UnknownRelease, and SeedInvalid if a file of the history is invalid.
    """
    releases = [read_seed_file(file, ReleaseFile) for file in sorted((root / "releases").glob("*.json"))]
    return _write_seed(_list_releases_up_to(releases, version, root), [], target)


def restore_from_export(export: ReleaseExportIn, version: str, target: Path) -> Path:
    """Write the seed of an export to `target`, or of an earlier release from its history. Raises UnknownRelease."""
    if version == export.version:
        return _write_seed(export.releases, export.pending, target)
    return _write_seed(_list_releases_up_to(export.releases, version, "the export"), [], target)


def _list_releases_up_to(releases: list[ReleaseFile], version: str, origin: object) -> list[ReleaseFile]:
    ordered = sorted(releases, key=lambda release: release.version_key)
    selected = [release for release in ordered if release.version_key <= _parse_version(version)]
    if not selected or selected[-1].version != version:
        known = ", ".join(release.version for release in ordered) or "none"
        msg = f"unknown release {version}; releases in {origin}: {known}"
        raise UnknownRelease(msg)
    return selected


def _write_seed(releases: list[ReleaseFile], unreleased_changes: list[ContentChange], target: Path) -> Path:
    """Write the files of a seed with these releases and the changes since the last of them."""
    try:
        history = replay_history(releases)
    except HistoryConflict as error:
        msg = f"releases/{error.version}.json: the history cannot be replayed: {error}"
        raise UnknownRelease(msg) from None
    try:
        # Deep copies, because replaying changes dictionaries in place.
        entities = replay((change.model_copy(deep=True) for change in unreleased_changes), history.state)
    except (KeyError, TypeError, IndexError) as error:
        msg = f"a pending change conflicts with the last release: {error!r}"
        raise UnknownRelease(msg) from None
    # Folder -> its entities by slug.
    seed: dict[str, dict[str, Any]] = defaultdict(dict)
    for entity, value in sorted(entities.items()):
        folder, _, slug = _check_entity(entity).partition("/")
        seed[folder][slug] = decanonicalize(value)
    target.mkdir(parents=True, exist_ok=True)
    for folder in _FILE_FOLDERS:
        (target / folder).mkdir()
        for slug, record in seed[folder].items():
            _write_json(target / folder / f"{slug}.json", record)
    for name, key, *_ in LIST_FILES:
        _write_json(target / name, {key: _sort_by_place(list(seed[name.removesuffix(".json")].values()))})
    for name, *_ in SINGLE_FILES:
        if (value := seed[name.removesuffix(".json")].get("")) is not None:
            _write_json(target / name, value)
    (target / "releases").mkdir()
    for release in releases:
        _write_json(target / "releases" / f"{release.version}.json", release.model_dump())
    return target


def _check_entity(entity: str) -> str:
    # The entity becomes a file name, and an export may come from anywhere.
    folder, _, slug = entity.partition("/")
    try:
        if f"{entity}.json" in {name for name, *_ in SINGLE_FILES} or (
            folder in _FOLDERS and _SLUG.validate_python(slug)
        ):
            return entity
    except ValidationError:
        pass
    msg = f"{entity!r} in the history is not a seed record"
    raise UnknownRelease(msg)


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _write_json(file: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _sort_by_place(entries: list[Any]) -> list[Any]:
    """Sort entries by `place`, which only the guide has, and remove it, as seed files do not contain it."""

    # An entry that is not an object is kept; reading the seed reports it.
    def get_place(entry: Any) -> int:  # noqa: ANN401 - any JSON value
        place = entry.get("place", 0) if isinstance(entry, dict) else 0
        return place if isinstance(place, int) else 0

    return [
        {key: value for key, value in entry.items() if key != "place"} if isinstance(entry, dict) else entry
        for entry in sorted(entries, key=get_place)
    ]


def decanonicalize(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Reverse `canonicalize`: objects keyed by id become lists again."""
    if isinstance(value, dict):
        by_id = value and all(isinstance(item, dict) and item.get("id") == key for key, item in value.items())
        return (
            [decanonicalize(item) for item in value.values()]
            if by_id
            else {key: decanonicalize(item) for key, item in value.items()}
        )
    return [decanonicalize(item) for item in value] if isinstance(value, list) else value


def restore_from_git(root: Path, version: str, target: Path) -> Path:
    """Unpack the seed directory to `target` from the commit that added the release file. Raises UnknownRelease."""
    file = root / "releases" / f"{version}.json"
    commit = _run_git(root, "log", "--all", "--diff-filter=A", "--format=%H", "-1", "--", str(file)).decode().strip()
    if not commit:
        msg = f"no commit of the git repository of {root} adds release {version}"
        raise UnknownRelease(msg)
    # Run inside a directory, `git archive` packs only that directory.
    archived = _run_git(root, "archive", "--format=tar", commit)
    with tarfile.open(fileobj=io.BytesIO(archived)) as archive:
        archive.extractall(target, filter="data")
    return target


def _run_git(root: Path, *arguments: str) -> bytes:
    try:
        # A fixed program; the directory and version from outside are separate arguments, never parsed by a shell.
        process = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=True)  # noqa: S603, S607
    except FileNotFoundError:
        msg = "git is not installed; restore the release from the history, without --from-git"
        raise UnknownRelease(msg) from None
    except subprocess.CalledProcessError as error:
        raise UnknownRelease(error.stderr.decode(errors="replace").strip()) from None
    return process.stdout
