import gc
import weakref

import pytest

from app.gc_pause import gc_paused


class Ring:
    """What only the collector can take away."""

    def __init__(self) -> None:
        self.me = self


def test_what_was_made_while_the_collector_was_at_rest_is_collected_later() -> None:
    with gc_paused():
        assert not gc.isenabled()
        made = weakref.ref(Ring())

    assert gc.isenabled()
    assert made() is not None
    gc.collect()
    assert made() is None


def test_the_collector_is_as_it_was_after_a_block_that_failed() -> None:
    with pytest.raises(RuntimeError), gc_paused():
        raise RuntimeError

    assert gc.isenabled()


def test_an_inner_block_leaves_the_collector_to_the_outer_one() -> None:
    with gc_paused():
        with gc_paused():
            pass
        assert not gc.isenabled()
