"""Directories that the processes of a host share, each built once."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(lock: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file during the block. The system releases it when the process dies."""
    with lock.open("wb") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows: there several processes may build, and the first to finish wins

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_once(target: Path, last_file: str, build: Callable[[Path], None]) -> None:
    """Build a shared directory unless it exists. `last_file` is the file that `build` writes last.

    The name of the directory begins with what it holds and a hyphen: builds of one sort wait for each other, and replace
    each other.
    """
    if (target / last_file).exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(target.parent / f"{_get_prefix(target)}.lock"):
        # Another worker may have built it while this one waited.
        if not (target / last_file).exists():
            _build_and_move(target, last_file, build)


def _get_prefix(directory: Path) -> str:
    return directory.name.partition("-")[0]


def _build_and_move(target: Path, last_file: str, build: Callable[[Path], None]) -> None:
    # Under the lock, a directory in which another process was building is one that it left when it was killed.
    building = f"building-{_get_prefix(target)}-"
    for abandoned in target.parent.glob(f"{building}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=building))
    try:
        build(work)
        try:
            os.rename(work, target)  # noqa: PTH104 - atomic: another process that was faster wins
        except OSError:
            if not (target / last_file).exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _prune_old(target)


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
