"""Claims across all records, in the order of their ids."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.db.read_engine import Snapshot
from app.db.statements import named


@dataclass(frozen=True)
class ClaimFilters:
    """What the claims are narrowed to. Values of one field are alternatives, fields are all required; None: not narrowed."""

    kinds: tuple[str, ...]
    ids: tuple[str, ...] | None = None
    # Records spoken about, by type and slug.
    subjects: tuple[tuple[str, str], ...] | None = None
    risks: tuple[str, ...] | None = None
    conditions: tuple[str, ...] | None = None


def _where(filters: ClaimFilters, given: dict[str, Any]) -> str:
    sql = f"c.kind IN ({named('kind', filters.kinds, given)})" if filters.kinds else "c.kind IS NULL"
    if filters.ids is not None:
        sql += f" AND c.id IN ({named('id', filters.ids, given) or 'NULL'})"
    if filters.subjects is not None:
        pairs = []
        for place, (kind, slug) in enumerate(filters.subjects):
            given[f"st{place}"], given[f"ss{place}"] = kind, slug
            pairs.append(f"(c.subject_type = :st{place} AND c.subject_slug = :ss{place})")
        sql += f" AND ({' OR '.join(pairs) or '1 = 0'})"
    if filters.risks is not None:
        among = named("risk", filters.risks, given) or "NULL"
        sql += f" AND EXISTS (SELECT 1 FROM procedure_risk r WHERE r.claim_id = c.id AND r.risk IN ({among}))"
    if filters.conditions is not None:
        among = named("con", filters.conditions, given) or "NULL"
        sql += f" AND EXISTS (SELECT 1 FROM indication i WHERE i.claim_id = c.id AND i.condition IN ({among}))"
    return sql


def list_claims(snapshot: Snapshot, filters: ClaimFilters, *, after: str, limit: int) -> Sequence[tuple[str, bytes]]:
    """Ids and documents of claims after an id, at most `limit`."""
    given: dict[str, Any] = {"after": after, "limit": limit}
    where = _where(filters, given)
    sql = f"SELECT c.id, c.document FROM claim c WHERE {where} AND c.id > :after ORDER BY c.id LIMIT :limit"
    return [(claim_id, document) for claim_id, document in snapshot.fetch(sql, given)]


def count_claims(snapshot: Snapshot, filters: ClaimFilters) -> int:
    """How many claims there are."""
    given: dict[str, Any] = {}
    return int(snapshot.fetch(f"SELECT count(*) FROM claim c WHERE {_where(filters, given)}", given)[0][0])


def list_long_claim_ids(snapshot: Snapshot, longer_than: int) -> list[str]:
    """Ids of claims that are longer than a number of characters."""
    rows = snapshot.fetch("SELECT id FROM claim WHERE length(id) > :most ORDER BY id", {"most": longer_than})
    return [row[0] for row in rows]
