"""The first page of every list as one document: most callers ask for no other, and its rows lie far apart."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import orjson

from app.db.read_engine import Snapshot
from app.queries.lists import make_first_page

# Rows that are held at once: a page has some kilobytes.
_TOGETHER: Final = 200


def first_pages(snapshot: Snapshot, lists: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows of documents, some at a time: what a request for a page would find, read the way a request reads it."""
    rows = (_row(snapshot, path) for path in lists)
    while some := list(islice(rows, _TOGETHER)):
        yield some


def _row(snapshot: Snapshot, path: str) -> dict[str, Any]:
    page = make_first_page(snapshot, path)
    about = orjson.dumps({"total": page.total, "last": page.last})
    return {"type": "first_page", "slug": path, "name": path, "summary": about, "body": page.items}
