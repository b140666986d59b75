"""Directories that the processes of a host share, each built once."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson

# SHA-256 of each file of a built directory, by its path. A hidden file: readers of the directory skip it.
CHECKSUMS: Final = ".checksums.json"


@contextmanager
def file_lock(lock: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file during the block. The system releases it when the process dies."""
    with lock.open("wb") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows: there several processes may build, and the first to finish wins

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_once(target: Path, build: Callable[[Path], None]) -> None:
    """Build a shared directory unless it is there, whole. One that lost or changed a file is replaced.

    The name of the directory begins with what it holds and a hyphen: builds of one sort wait for each other, and replace
    each other.
    """
    if is_intact(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(target.parent / f"{_get_prefix(target)}.lock"):
        # Another worker may have built it while this one waited.
        if not is_intact(target):
            _build_and_move(target, build)


def is_intact(directory: Path) -> bool:
    """Whether a built directory has every file that was written, with the bytes that were written. Reads all of them."""
    try:
        checksums = read_checksums(directory)
        return all(_compute_checksum(directory / name) == checksum for name, checksum in checksums.items())
    except (OSError, ValueError, AttributeError):
        return False


def read_checksums(directory: Path) -> dict[str, str]:
    """SHA-256 of each file of a built directory, by its path, as they were when it was built. Raises OSError or ValueError."""
    checksums: dict[str, str] = orjson.loads((directory / CHECKSUMS).read_bytes())
    return checksums


def stamp_files(directory: Path) -> dict[str, tuple[int, int, int]]:
    """Size, time of change and inode of each file of a built directory. As long as they stay, no file needs to be read again."""
    try:
        names = [CHECKSUMS, *read_checksums(directory)]
        stats = {name: (directory / name).stat() for name in names}
    except (OSError, ValueError, TypeError):
        return {}
    return {name: (stat.st_size, stat.st_mtime_ns, stat.st_ino) for name, stat in stats.items()}


def _compute_checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _get_prefix(directory: Path) -> str:
    return directory.name.partition("-")[0]


def _build_and_move(target: Path, build: Callable[[Path], None]) -> None:
    # Under the lock, a directory in which another process was building is one that it left when it was killed.
    building = f"building-{_get_prefix(target)}-"
    for abandoned in target.parent.glob(f"{building}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=building))
    try:
        build(work)
        files = [path for path in sorted(work.rglob("*")) if path.is_file()]
        checksums = {path.relative_to(work).as_posix(): _compute_checksum(path) for path in files}
        (work / CHECKSUMS).write_bytes(orjson.dumps(checksums))
        # Before the directory has its name: after a loss of power it is there whole, or not at all.
        for path in (*files, work / CHECKSUMS, *(path for path in work.rglob("*") if path.is_dir()), work):
            _flush_to_disk(path)
        if target.exists():
            os.rename(target, work / "damaged")  # noqa: PTH104 - removed with the rest of the work
        os.rename(work, target)  # noqa: PTH104 - atomic
        shutil.rmtree(target / "damaged", ignore_errors=True)
        _flush_to_disk(target.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _prune_old(target)


def _flush_to_disk(path: Path) -> None:
    if path.is_dir() and sys.platform == "win32":
        # Windows opens no directories.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prune_old(keep: Path) -> None:
    """Delete directories of older releases, except the two youngest: a worker may still read them."""
    others = sorted(
        (
            directory
            for directory in keep.parent.iterdir()
            if directory != keep and directory.is_dir() and _get_prefix(directory) == _get_prefix(keep)
        ),
        key=lambda directory: directory.stat().st_mtime,
    )
    for old in others[:-2]:
        shutil.rmtree(old, ignore_errors=True)
