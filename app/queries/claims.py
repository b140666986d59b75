"""Claims of all records, by id."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json

_BATCH_ROWS: Final = 2_000


@dataclass(frozen=True)
class ClaimFilters:
    """Filters of claims. A claim must match every field that is not None; it matches a field by any of its values."""

    claim_kinds: tuple[str, ...]
    ids: tuple[str, ...] | None = None


def _build_where(filters: ClaimFilters, params: dict[str, Any]) -> str:
    """SQL condition on `claim c`; adds its bind parameters to `params`."""
    sql = f"c.kind IN ({bind_list('kind', filters.claim_kinds, params)})" if filters.claim_kinds else "c.kind IS NULL"
    if filters.ids is not None:
        sql += f" AND c.id IN ({bind_list('id', filters.ids, params) or 'NULL'})"
    return sql


def list_claims(
    transaction: ReadTransaction, filters: ClaimFilters, *, after: str, limit: int
) -> Sequence[tuple[str, bytes]]:
    """(id, JSON) of at most `limit` claims after an id."""
    params: dict[str, Any] = {"after": after, "limit": limit}
    where = _build_where(filters, params)
    sql = f"SELECT c.id, c.document FROM claim c WHERE {where} AND c.id > :after ORDER BY c.id LIMIT :limit"
    return [(claim_id, document) for claim_id, document in transaction.fetch(sql, params)]


def iter_claims(transaction: ReadTransaction, claim_kinds: tuple[str, ...]) -> Iterator[bytes]:
    """JSON of every claim of these kinds, by id, read in batches."""
    after = ""
    while rows := list_claims(transaction, ClaimFilters(claim_kinds), after=after, limit=_BATCH_ROWS):
        yield from (document for _, document in rows)
        after = rows[-1][0]


def list_claims_by_id(transaction: ReadTransaction, ids: Iterable[str]) -> dict[str, Json]:
    """List claim documents by id, in one query. Unknown ids are left out."""
    distinct = tuple(sorted(set(ids)))
    filters = ClaimFilters(tuple(CLAIM_KINDS), ids=distinct)
    rows = list_claims(transaction, filters, after="", limit=len(distinct)) if distinct else []
    return {claim_id: orjson.loads(document) for claim_id, document in rows}


def list_source_urls(transaction: ReadTransaction, slugs: Sequence[str]) -> dict[str, str | None]:
    """URL of each source; None: it has none."""
    if not slugs:
        return {}
    params: dict[str, Any] = {}
    names = bind_list("s", slugs, params)
    return dict(transaction.fetch(f"SELECT slug, url FROM source WHERE slug IN ({names})", params))


def list_long_claim_ids(transaction: ReadTransaction, max_length: int) -> list[str]:
    """Claim ids of more than `max_length` characters."""
    rows = transaction.fetch(
        "SELECT id FROM claim WHERE length(id) > :max_length ORDER BY id", {"max_length": max_length}
    )
    return [row[0] for row in rows]
