"""The seed of an earlier release: from the history that every seed directory holds, or from git as it was then."""

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from app.seed.bundle import ReleaseFile
from app.seed.diff import DoesNotFit, history_of
from app.seed.files import FOLDERS, LIST_FILES, SINGLE_FILES


class NoSuchRelease(ValueError):
    """The release is not in the history; the message names those that are."""


def seed_from_history(root: Path, version: str, target: Path) -> Path:
    """Write the seed of a release below `target`, by replaying the changes of every release up to it."""
    files = sorted((root / "releases").glob("*.json"))
    releases = sorted((ReleaseFile.model_validate_json(file.read_bytes()) for file in files), key=lambda one: one.order)
    kept = [one for one in releases if one.order <= _order(version)]
    if not kept or kept[-1].version != version:
        known = ", ".join(one.version for one in releases) or "none"
        msg = f"{version} is not a release of {root}: known are {known}"
        raise NoSuchRelease(msg)
    try:
        state = {entity: plain(value) for entity, value in history_of(kept).state.items()}
    except DoesNotFit as error:
        msg = f"releases/{error.version}.json: the history does not replay: {error}"
        raise NoSuchRelease(msg) from None
    target.mkdir(parents=True, exist_ok=True)
    for folder, *_ in FOLDERS:
        (target / folder).mkdir()
    for entity, value in state.items():
        family, _, slug = entity.partition("/")
        if slug and any(family == folder for folder, *_ in FOLDERS):
            _put(target / family / f"{slug}.json", value)
    for name, key, *_ in LIST_FILES:
        family = name.removesuffix(".json")
        entries = [value for entity, value in sorted(state.items()) if entity.partition("/")[0] == family]
        _put(target / name, {key: _in_place(entries)})
    for name, *_ in SINGLE_FILES:
        if (value := state.get(name.removesuffix(".json"))) is not None:
            _put(target / name, value)
    (target / "releases").mkdir()
    for one in kept:
        (target / "releases" / f"{one.version}.json").write_bytes(
            (root / "releases" / f"{one.version}.json").read_bytes()
        )
    return target


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _put(file: Path, value: Any) -> None:  # noqa: ANN401 - any JSON value
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _in_place(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries in the order of their `place` where their order is content (the guide), and without it, as files have them."""
    ordered = sorted(entries, key=lambda entry: entry.get("place", 0))
    return [{key: value for key, value in entry.items() if key != "place"} for entry in ordered]


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
