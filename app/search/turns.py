"""Taking turns among the processes of a box."""

import sys
from collections.abc import Iterator
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
