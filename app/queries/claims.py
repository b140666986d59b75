"""Claims of all records as serialized JSON, by id."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.domain.json import Json

_BATCH_ROWS: Final = 2_000


def find_claim(transaction: ReadTransaction, claim_id: str) -> bytes | None:
    """Claim as JSON; None if there is no such claim."""
    return list_claims(transaction, [claim_id]).get(claim_id)


def list_claims(transaction: ReadTransaction, ids: Iterable[str]) -> dict[str, bytes]:
    """Claims as JSON by id, in one query; unknown ids are omitted."""
    params: dict[str, Any] = {}
    if not (names := bind_list("id", sorted(set(ids)), params)):
        return {}
    return dict(transaction.fetch(f"SELECT id, document FROM claim WHERE id IN ({names})", params))


def list_parsed_claims(transaction: ReadTransaction, ids: Iterable[str]) -> dict[str, Json]:
    """Claims by id, in one query; unknown ids are omitted."""
    return {claim_id: orjson.loads(document) for claim_id, document in list_claims(transaction, ids).items()}


def list_following_claims(
    transaction: ReadTransaction, claim_kinds: Iterable[str], *, after: str, limit: int
) -> Sequence[tuple[str, bytes]]:
    """(id, JSON) of at most `limit` claims of these kinds after an id."""
    params: dict[str, Any] = {"after": after, "limit": limit}
    kinds = bind_list("kind", tuple(claim_kinds), params)
    sql = f"SELECT id, document FROM claim WHERE kind IN ({kinds}) AND id > :after ORDER BY id LIMIT :limit"
    return [(claim_id, document) for claim_id, document in transaction.fetch(sql, params)]


def iter_claims(transaction: ReadTransaction, claim_kinds: tuple[str, ...]) -> Iterator[bytes]:
    """JSON of every claim of these kinds, by id, read in batches."""
    after = ""
    while rows := list_following_claims(transaction, claim_kinds, after=after, limit=_BATCH_ROWS):
        yield from (document for _, document in rows)
        after = rows[-1][0]


def find_first_claim_id(transaction: ReadTransaction) -> str | None:
    """Id of the first claim by id; None if there is none."""
    rows = transaction.fetch("SELECT id FROM claim ORDER BY id LIMIT 1", {})
    return rows[0][0] if rows else None


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
