"""The garbage collector while much is made that stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Without the collector: a load makes millions of objects in no cycles, and a third of its time went to look for some.

    What comes between two such blocks may look at all that the first one made: a load is one block from its first file on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            # All of it counts as old now. Else the first thing made after the block would have the collector go through it.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
