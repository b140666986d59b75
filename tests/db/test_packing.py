from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.packing import list_number, pack_row, pack_set, places_in, set_of, values_in

PLACES = st.integers(0, 2**32 - 1)


@given(st.sets(PLACES))
def test_a_set_of_places_comes_back_as_it_was_packed(places: set[int]) -> None:
    assert set(set_of(pack_set(places))) == places


@given(st.lists(PLACES))
def test_places_come_back_in_their_order(places: list[int]) -> None:
    assert list(places_in(pack_row(array("I", places)))) == places


@given(st.lists(st.floats(allow_nan=False)))
def test_values_come_back_as_they_were(values: list[float]) -> None:
    assert list(values_in(pack_row(array("d", values)))) == values


@pytest.mark.parametrize("order", ["little", "big"])
def test_numbers_are_packed_alike_on_every_machine(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    here = array("I", [1, 2**31])
    if order == "big":
        # What such a machine holds in memory for the same numbers, seen from this one.
        here.byteswap()
    monkeypatch.setattr("sys.byteorder", order)

    packed = pack_row(here)

    assert packed == b"\x01\x00\x00\x00\x00\x00\x00\x80"
    assert places_in(packed) == here


@given(st.text(), st.text())
def test_lists_have_numbers_of_their_own_that_a_database_holds(one: str, other: str) -> None:
    assert -(2**63) <= list_number(one) < 2**63
    assert (list_number(one) == list_number(other)) == (one == other)
