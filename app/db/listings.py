"""How a list is named in the tables that hold lists."""

from hashlib import blake2b


def list_number(path: str) -> int:
    """Number of a list, from its path below /v1: there are many rows, and a path in each weighs most."""
    return int.from_bytes(blake2b(path.encode(), digest_size=8).digest(), signed=True)
