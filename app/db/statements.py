"""Statements written as SQL text with named parameters (`:name`). Values are bound, never written into the text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def to_pyformat(sql: str) -> str:
    """The same statement with parameters as psycopg writes them."""
    return re.sub(r"(?<![:\w]):([a-z_][a-z0-9_]*)", r"%(\1)s", sql)


def bind_list(prefix: str, values: Sequence[Any], params: dict[str, Any]) -> str:
    """Names of parameters for several values (`:p0, :p1`), put into `into`."""
    names = [f"{prefix}{place}" for place in range(len(values))]
    params.update(zip(names, values, strict=True))
    return ", ".join(f":{name}" for name in names)
