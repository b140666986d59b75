"""Matrix of procedures by pain generators."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list


class MatrixCell(NamedTuple):
    """A relation with the claim that states it."""

    procedure: str
    procedure_name: str
    pain_generator: str
    generator_name: str
    generator_sort_name: str
    role: str
    claim_id: str


def list_matrix(
    transaction: ReadTransaction,
    *,
    families: Sequence[str],
    roles: Sequence[str],
    body_regions: Sequence[str],
    limit: int,
) -> list[MatrixCell]:
    """At most `limit` relations, by the sort names of procedure and pain generator. An empty filter matches everything."""
    params: dict[str, Any] = {"limit": limit}
    sql = """
        SELECT t.procedure, p.name, t.pain_generator, g.name, g.sort_name, t.role, t.claim_id
        FROM target t
        JOIN procedure p ON p.slug = t.procedure
        JOIN pain_generator g ON g.slug = t.pain_generator
        WHERE t.rank = 0"""
    if families:
        sql += f" AND p.family IN ({bind_list('family', families, params)})"
    if roles:
        sql += f" AND t.role IN ({bind_list('role', roles, params)})"
    if body_regions:
        sql += f""" AND t.pain_generator IN (
            SELECT slug FROM tag WHERE type = 'pain_generator' AND kind = 'body_region'
            AND value IN ({bind_list("region", body_regions, params)}))"""
    sql += " ORDER BY p.sort_name, p.slug, g.sort_name, g.slug, t.role LIMIT :limit"
    return [MatrixCell(*row) for row in transaction.fetch(sql, params)]
