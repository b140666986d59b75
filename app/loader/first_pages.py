"""First pages: the first page of every list as a document.

Most callers request no other page, and in a large release its rows are far apart on disk.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import orjson

from app.db.read_engine import ReadTransaction
from app.domain.documents import DocumentType
from app.queries.lists import build_first_page

# Pages in memory at once; each takes a few kilobytes.
_BATCH_ROWS: Final = 200


def iter_first_pages(transaction: ReadTransaction, list_paths: Iterable[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield document rows in batches, each built by the query that answers a request for the page."""
    rows = (_build_row(transaction, path) for path in list_paths)
    while batch := list(islice(rows, _BATCH_ROWS)):
        yield batch


def _build_row(transaction: ReadTransaction, path: str) -> dict[str, Any]:
    page = build_first_page(transaction, path)
    counts = orjson.dumps({"total": page.total, "last": page.last_offset})
    return {"type": DocumentType.FIRST_PAGE, "slug": path, "name": path, "summary": counts, "body": page.items}
