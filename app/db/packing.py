"""Binary encoding of lists: list ids, bitmaps and arrays of row positions."""

import sys
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

from pyroaring import BitMap


def compute_list_id(list_path: str) -> int:
    """64-bit hash of a list's path below /v1. It replaces the path in the many rows of a list."""
    return int.from_bytes(blake2b(list_path.encode(), digest_size=8).digest(), signed=True)


def dump_bitmap(positions: Iterable[int]) -> bytes:
    """Serialize a set of positions as a portable Roaring bitmap."""
    return BitMap(positions).serialize()


def load_bitmap(packed: bytes) -> BitMap:
    """Deserialize a set of positions."""
    return BitMap.deserialize(packed)


def dump_array(numbers: "array[int] | array[float]") -> bytes:
    """Serialize positions (4 bytes each) or sort values (8 bytes), little-endian on every machine."""
    return _to_little_endian(numbers).tobytes()


def load_positions(packed: bytes) -> "array[int]":
    """Deserialize positions."""
    positions = array("I")
    positions.frombytes(packed)
    return _to_little_endian(positions)


def load_values(packed: bytes) -> "array[float]":
    """Deserialize sort values."""
    values = array("d")
    values.frombytes(packed)
    return _to_little_endian(values)


def _to_little_endian(numbers: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
