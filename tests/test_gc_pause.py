"""Pausing the garbage collector."""

import gc
import weakref

import pytest

from app.gc_pause import gc_paused


class SelfReference:
    """Object in a reference cycle: only the garbage collector can free it."""

    def __init__(self) -> None:
        self.reference = self


def test_garbage_made_during_the_pause_is_collected_later() -> None:
    with gc_paused():
        assert not gc.isenabled()
        reference = weakref.ref(SelfReference())

    assert gc.isenabled()
    # Compared outside the assertions: pytest keeps what an assertion has seen.
    is_kept = reference() is not None
    gc.collect()
    is_collected = reference() is None
    assert (is_kept, is_collected) == (True, True)


def test_the_collector_runs_again_after_an_exception() -> None:
    with pytest.raises(RuntimeError), gc_paused():
        raise RuntimeError

    assert gc.isenabled()


def test_the_end_of_an_inner_pause_does_not_end_the_outer_one() -> None:
    with gc_paused():
        with gc_paused():
            pass
        assert not gc.isenabled()
