"""Pause of the garbage collector while many permanent objects are allocated."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection during the block, and leave it as it was before.

    A load allocates millions of objects without cycles; collecting took a third of its time. Put the whole load into one
    block: between two blocks the collector may scan everything that the first one allocated.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            # Moves all objects to the oldest generation; otherwise the next allocation would trigger a scan of them.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
