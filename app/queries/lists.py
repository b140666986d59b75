"""Pages of lists: rows in a total order, as a selection leaves them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.db.packing import list_number
from app.db.read_engine import Snapshot
from app.db.statements import named
from app.queries.list_filter import Selection, count_rows


@dataclass(frozen=True)
class ListRow:
    """One row: the shown summary or claim, the further members of its object, and its position in this order."""

    position: int
    summary: bytes | None
    claim: bytes | None
    extra: bytes | None

    @property
    def shown(self) -> bytes:
        """The row as JSON: the summary or claim, with the further members of its object."""
        found = self.summary if self.summary is not None else self.claim
        if found is None:
            return bytes(self.extra or b"{}")
        return bytes(found) if self.extra is None else bytes(found)[:-1] + b"," + bytes(self.extra)[1:]


_SHOWN = """
    LEFT JOIN document d ON d.type = r.record_type AND d.slug = r.record_slug
    LEFT JOIN claim c ON c.id = r.claim_id"""


def list_rows(selection: Selection, *, after: int | None, limit: int) -> Sequence[ListRow]:
    """Rows after a position in the order of the selection, at most `limit`."""
    given: dict[str, Any] = {"list": list_number(selection.path)}
    sql = f"SELECT r.place, d.summary, c.document, r.extra FROM listing r{_SHOWN} WHERE r.list = :list"
    if selection.as_they_stand:
        down = selection.order.down
        given["limit"] = limit
        if after is not None:
            given["after"] = after
            sql += f" AND r.place {'<' if down else '>'} :after"
        sql += f" ORDER BY r.place{' DESC' if down else ''} LIMIT :limit"
        return [ListRow(*row) for row in selection.snapshot.fetch(sql, given)]
    page = selection.page(after, limit)
    if not page:
        return []
    sql += f" AND r.place IN ({named('place', [place for _, place in page], given)})"
    shown = {place: row for place, *row in selection.snapshot.fetch(sql, given)}
    return [ListRow(position, *shown[place]) for position, place in page]


# Rows of a page that nobody narrowed, sorted or sized.
FIRST_PAGE: Final = 20


@dataclass(frozen=True)
class FirstPage:
    """The first page of a list as nothing narrows it: its rows as JSON, with commas between them; and what they are of."""

    items: bytes
    total: int
    # Position of the last of them, where more follow.
    last: int | None


def find_first_page(snapshot: Snapshot, path: str) -> FirstPage | None:
    """The page that the loader made, in one row. None: other code loaded this database, and made none."""
    sql = "SELECT summary, body FROM document WHERE type = 'first_page' AND slug = :path"
    rows = snapshot.fetch(sql, {"path": path})
    return FirstPage(bytes(rows[0][1]), **orjson.loads(bytes(rows[0][0]))) if rows else None


def make_first_page(snapshot: Snapshot, path: str) -> FirstPage:
    """The same from the rows themselves."""
    every_row = Selection(snapshot, path)
    rows = list_rows(every_row, after=None, limit=FIRST_PAGE + 1)
    last = rows[FIRST_PAGE - 1].position if len(rows) > FIRST_PAGE else None
    items = b",".join([row.shown for row in rows[:FIRST_PAGE]])
    return FirstPage(items, count_rows(every_row), last)


def walk_list(selection: Selection) -> Iterator[ListRow]:
    """Every row of a selection, some at a time."""
    after: int | None = None
    while rows := list_rows(selection, after=after, limit=500):
        yield from rows
        after = rows[-1].position


_CLAIMS_OF = "claim WHERE subject_type = :type AND subject_slug = :slug AND kind = :kind"


def list_claims_of(
    snapshot: Snapshot, kind: str, slug: str, claim_kind: str, *, after: int | None, limit: int
) -> Sequence[ListRow]:
    """Claims of one kind on one record, in the order a detail shows them."""
    given = {"type": kind, "slug": slug, "kind": claim_kind, "after": -1 if after is None else after, "limit": limit}
    sql = f"SELECT position, document FROM {_CLAIMS_OF} AND position > :after ORDER BY position LIMIT :limit"
    return [ListRow(position, None, document, None) for position, document in snapshot.fetch(sql, given)]


def count_claims_of(snapshot: Snapshot, kind: str, slug: str, claim_kind: str) -> int:
    """How many claims of one kind a record has."""
    given = {"type": kind, "slug": slug, "kind": claim_kind}
    return int(snapshot.fetch(f"SELECT count(*) FROM {_CLAIMS_OF}", given)[0][0])
