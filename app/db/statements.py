"""SQL text with named parameters (`:name`). Values are always bound, never part of the text."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def to_pyformat(sql: str) -> str:
    """The statement with parameters in psycopg's syntax (`%(name)s`)."""
    return re.sub(r"(?<![:\w]):([a-z_][a-z0-9_]*)", r"%(\1)s", sql)


def bind_list(prefix: str, values: Sequence[Any], params: dict[str, Any]) -> str:
    """Parameter list (`:p0, :p1`) for the values, which are added to `params`."""
    names = [f"{prefix}{index}" for index in range(len(values))]
    params.update(zip(names, values, strict=True))
    return ", ".join(f":{name}" for name in names)
