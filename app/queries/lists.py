"""List pages: the rows of a filtered list in a total order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.db.packing import compute_list_id
from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.domain.documents import DocumentType
from app.queries.list_filter import FilteredList, count_rows


@dataclass(frozen=True)
class RenderedRow:
    """A row of a list with its JSON. `offset` is what a cursor holds: the place in the sort order, in the default order the position."""

    offset: int
    summary: bytes | None
    claim: bytes | None
    extra_json: bytes | None

    @property
    def json(self) -> bytes:
        """The summary or claim merged with `extra_json`."""
        document = self.summary if self.summary is not None else self.claim
        if document is None:
            return bytes(self.extra_json or b"{}")
        return bytes(document) if self.extra_json is None else bytes(document)[:-1] + b"," + bytes(self.extra_json)[1:]


_SELECT = """
    SELECT r.position, d.summary, c.document, r.extra_json
    FROM list_row r
    LEFT JOIN document d ON d.type = r.record_type AND d.slug = r.record_slug
    LEFT JOIN claim c ON c.id = r.claim_id
    WHERE r.list_id = :list_id"""


def list_rows(filtered: FilteredList, *, after: int | None, limit: int) -> Sequence[RenderedRow]:
    """At most `limit` rows after an offset."""
    params: dict[str, Any] = {"list_id": compute_list_id(filtered.list_path)}
    if filtered.unfiltered:
        reverse = filtered.order.reverse
        sql = _SELECT
        params["limit"] = limit
        if after is not None:
            params["after"] = after
            sql += f" AND r.position {'<' if reverse else '>'} :after"
        sql += f" ORDER BY r.position{' DESC' if reverse else ''} LIMIT :limit"
        return [RenderedRow(*row) for row in filtered.transaction.fetch(sql, params)]
    offsets = filtered.list_offsets(after, limit)
    if not offsets:
        return []
    sql = f"{_SELECT} AND r.position IN ({bind_list('position', [position for _, position in offsets], params)})"
    rows = {position: row for position, *row in filtered.transaction.fetch(sql, params)}
    return [RenderedRow(offset, *rows[position]) for offset, position in offsets]


DEFAULT_PAGE_SIZE: Final = 20


@dataclass(frozen=True)
class FirstPage:
    """First page of an unfiltered list in its default order and size. `items` is JSON: the rows separated by commas."""

    items: bytes
    total: int
    # Offset of the last item; None if no further page follows.
    last_offset: int | None


def find_first_page(transaction: ReadTransaction, list_path: str) -> FirstPage | None:
    """The page that the loader built. None if another version of the code loaded the database and built none."""
    sql = "SELECT summary, body FROM document WHERE type = :type AND slug = :list_path"
    rows = transaction.fetch(sql, {"type": DocumentType.FIRST_PAGE, "list_path": list_path})
    if not rows:
        return None
    page = orjson.loads(bytes(rows[0][0]))
    return FirstPage(bytes(rows[0][1]), page["total"], page["last"])


def build_first_page(transaction: ReadTransaction, list_path: str) -> FirstPage:
    """The page built from the rows of the list."""
    every_row = FilteredList(transaction, list_path)
    rows = list_rows(every_row, after=None, limit=DEFAULT_PAGE_SIZE + 1)
    last_offset = rows[DEFAULT_PAGE_SIZE - 1].offset if len(rows) > DEFAULT_PAGE_SIZE else None
    items = b",".join([row.json for row in rows[:DEFAULT_PAGE_SIZE]])
    return FirstPage(items, count_rows(every_row), last_offset)


def iter_rows(filtered: FilteredList) -> Iterator[RenderedRow]:
    """Every matching row, fetched in batches."""
    after: int | None = None
    while rows := list_rows(filtered, after=after, limit=500):
        yield from rows
        after = rows[-1].offset


_RECORD_CLAIMS = "claim WHERE subject_type = :type AND subject_slug = :slug AND kind = :kind"


def list_record_claims(
    transaction: ReadTransaction, record_type: str, slug: str, claim_kind: str, *, after: int | None, limit: int
) -> Sequence[RenderedRow]:
    """At most `limit` claims of a kind on a record after an offset, in the order of the record's document."""
    after = -1 if after is None else after
    params = {"type": record_type, "slug": slug, "kind": claim_kind, "after": after, "limit": limit}
    sql = f"SELECT position, document FROM {_RECORD_CLAIMS} AND position > :after ORDER BY position LIMIT :limit"
    return [RenderedRow(position, None, document, None) for position, document in transaction.fetch(sql, params)]


def count_record_claims(transaction: ReadTransaction, record_type: str, slug: str, claim_kind: str) -> int:
    """Number of claims of a kind on a record."""
    params = {"type": record_type, "slug": slug, "kind": claim_kind}
    return int(transaction.fetch(f"SELECT count(*) FROM {_RECORD_CLAIMS}", params)[0][0])
