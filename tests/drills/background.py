"""Work in a thread of its own while a block runs."""

import threading
from typing import Self


class BackgroundWork:
    """Runs `_run` in a thread until the block ends: `_stop` is set then."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        raise NotImplementedError
