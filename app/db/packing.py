"""How lists are stored: the number that names one, and the places of its rows packed into bytes."""

import sys
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from pyroaring import BitMap


def compute_list_id(path: str) -> int:
    """Number of a list, from its path below /v1: there are many rows, and a path in each weighs most."""
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest(), signed=True)


def dump_bitmap(positions: Iterable[int]) -> bytes:
    """A set of places, as a Roaring bitmap in its portable form."""
    return BitMap(positions).serialize()


def load_bitmap(packed: bytes) -> BitMap:
    """The set of places that was packed."""
    return BitMap.deserialize(packed)


def dump_array(numbers: "array[int] | array[float]") -> bytes:
    """Places (4 bytes each) or values (8 bytes) one after the other, the lowest byte first on every machine."""
    return _to_little_endian(numbers).tobytes()


def load_positions(packed: bytes) -> "array[int]":
    """The places that were packed, in their order."""
    found = array("I")
    found.frombytes(packed)
    return _to_little_endian(found)


def load_values(packed: bytes) -> "array[float]":
    """The values that were packed, in their order."""
    found = array("d")
    found.frombytes(packed)
    return _to_little_endian(found)


def _to_little_endian(numbers: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
