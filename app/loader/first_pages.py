"""The first page of every list as one document: most callers ask for no other, and its rows lie far apart."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import orjson

from app.db.read_engine import ReadTransaction
from app.domain.documents import DocumentType
from app.queries.lists import build_first_page

# Rows that are held at once: a page has some kilobytes.
_BATCH_ROWS: Final = 200


def iter_first_pages(snapshot: ReadTransaction, lists: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Rows of documents, some at a time: what a request for a page would find, read the way a request reads it."""
    rows = (_build_row(snapshot, path) for path in lists)
    while some := list(islice(rows, _BATCH_ROWS)):
        yield some


def _build_row(snapshot: ReadTransaction, path: str) -> dict[str, Any]:
    page = build_first_page(snapshot, path)
    about = orjson.dumps({"total": page.total, "last": page.last_offset})
    return {"type": DocumentType.FIRST_PAGE, "slug": path, "name": path, "summary": about, "body": page.items}
