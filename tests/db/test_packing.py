from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.packing import compute_list_id, dump_array, dump_bitmap, load_bitmap, load_positions, load_values

PLACES = st.integers(0, 2**32 - 1)


@given(st.sets(PLACES))
def test_a_set_of_places_comes_back_as_it_was_packed(places: set[int]) -> None:
    assert set(load_bitmap(dump_bitmap(places))) == places


@given(st.lists(PLACES))
def test_places_come_back_in_their_order(places: list[int]) -> None:
    assert list(load_positions(dump_array(array("I", places)))) == places


@given(st.lists(st.floats(allow_nan=False)))
def test_values_come_back_as_they_were(values: list[float]) -> None:
    assert list(load_values(dump_array(array("d", values)))) == values


@pytest.mark.parametrize("order", ["little", "big"])
def test_numbers_are_packed_alike_on_every_machine(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    here = array("I", [1, 2**31])
    if order == "big":
        # What such a machine holds in memory for the same numbers, seen from this one.
        here.byteswap()
    monkeypatch.setattr("sys.byteorder", order)

    packed = dump_array(here)

    assert packed == b"\x01\x00\x00\x00\x00\x00\x00\x80"
    assert load_positions(packed) == here


@given(st.text(), st.text())
def test_lists_have_numbers_of_their_own_that_a_database_holds(one: str, other: str) -> None:
    assert -(2**63) <= compute_list_id(one) < 2**63
    assert (compute_list_id(one) == compute_list_id(other)) == (one == other)
