"""Taking turns among the processes of a box."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(lock: Path) -> Iterator[None]:
    """Hold a lock file until the block ends. The system lets go of it when a process dies, however it dies."""
    with lock.open("wb") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows, where the first to finish wins and the others did it in vain

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build_once(target: Path, last_file: str, build: Callable[[Path], None]) -> None:
    """Make a folder that every process of the box reads, if it is not there: `proof` is the file in it that comes last."""
    if (target / last_file).exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(target.parent / "building.lock"):
        # Of several workers that met a new release together, the others find the folder standing.
        if not (target / last_file).exists():
            _build_and_move(target, last_file, build)


def _build_and_move(target: Path, proof: str, write: Callable[[Path], None]) -> None:
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix="building-"))
    try:
        write(work)
        try:
            os.rename(work, target)  # noqa: PTH104 - atomic: another worker that was faster wins
        except OSError:
            if not (target / proof).exists():
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    _prune_old(target)


def _prune_old(keep: Path) -> None:
    """Folders of long gone revisions; the two youngest others stay, a worker may still read them."""
    others = sorted(
        (one for one in keep.parent.iterdir() if one != keep and one.is_dir() and not one.name.startswith("building-")),
        key=lambda one: one.stat().st_mtime,
    )
    for old in others[:-2]:
        shutil.rmtree(old, ignore_errors=True)
