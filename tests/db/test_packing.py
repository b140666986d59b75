from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db.packing import compute_list_id, dump_array, dump_bitmap, load_bitmap, load_positions, load_values

POSITIONS = st.integers(0, 2**32 - 1)


@given(st.sets(POSITIONS))
def test_a_bitmap_round_trips(positions: set[int]) -> None:
    assert set(load_bitmap(dump_bitmap(positions))) == positions


@given(st.lists(POSITIONS))
def test_positions_round_trip_in_order(positions: list[int]) -> None:
    assert list(load_positions(dump_array(array("I", positions)))) == positions


@given(st.lists(st.floats(allow_nan=False)))
def test_sort_values_round_trip(values: list[float]) -> None:
    assert list(load_values(dump_array(array("d", values)))) == values


@pytest.mark.parametrize("order", ["little", "big"])
def test_arrays_have_the_same_bytes_on_every_machine(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    numbers = array("I", [1, 2**31])
    if order == "big":
        # The memory of a big-endian machine with the same numbers.
        numbers.byteswap()
    monkeypatch.setattr("sys.byteorder", order)

    packed = dump_array(numbers)

    assert packed == b"\x01\x00\x00\x00\x00\x00\x00\x80"
    assert load_positions(packed) == numbers


@given(st.text(), st.text())
def test_list_ids_are_distinct_64_bit_integers(path: str, other: str) -> None:
    assert -(2**63) <= compute_list_id(path) < 2**63
    assert (compute_list_id(path) == compute_list_id(other)) == (path == other)
