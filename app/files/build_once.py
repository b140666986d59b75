"""Taking turns among the processes of a box."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(lock: Path) -> Iterator[None]:
    """Hold a lock file until the block ends. The system lets go of it when a process dies, however it dies."""
    with lock.open("wb") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows, where the first to finish wins and the others did it in vain

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def made_once(target: Path, proof: str, write: Callable[[Path], None]) -> None:
    """Make a folder that every process of the box reads, if it is not there: `proof` is the file in it that comes last."""
    if (target / proof).exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with only_one(target.parent / "building.lock"):
        # Of several workers that met a new release together, the others find the folder standing.
        if not (target / proof).exists():
            _make(target, proof, write)


def _make(target: Path, proof: str, write: Callable[[Path], None]) -> None:
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
    _sweep(target)


def _sweep(keep: Path) -> None:
    """Folders of long gone revisions; the two youngest others stay, a worker may still read them."""
    others = sorted(
        (one for one in keep.parent.iterdir() if one != keep and one.is_dir() and not one.name.startswith("building-")),
        key=lambda one: one.stat().st_mtime,
    )
    for old in others[:-2]:
        shutil.rmtree(old, ignore_errors=True)
