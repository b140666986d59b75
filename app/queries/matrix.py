"""Procedures by pain generators."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from app.db.read_engine import Snapshot
from app.db.statements import named


class Cell(NamedTuple):
    """The best supported claim of one edge."""

    procedure: str
    procedure_name: str
    pain_generator: str
    generator_name: str
    generator_sort_name: str
    role: str
    grade: str
    claim_id: str


def list_matrix(
    snapshot: Snapshot, *, families: Sequence[str], roles: Sequence[str], body_regions: Sequence[str], limit: int
) -> list[Cell]:
    """The best supported edges, by procedure and pain generator in people's order; at most `limit`."""
    given: dict[str, Any] = {"limit": limit}
    sql = """
        SELECT t.procedure, p.name, t.pain_generator, g.name, g.sort_name, t.role, c.grade, t.claim_id
        FROM target t
        JOIN procedure p ON p.slug = t.procedure
        JOIN pain_generator g ON g.slug = t.pain_generator
        JOIN claim c ON c.id = t.claim_id
        WHERE t.rank = 0"""
    if families:
        sql += f" AND p.family IN ({named('family', families, given)})"
    if roles:
        sql += f" AND t.role IN ({named('role', roles, given)})"
    if body_regions:
        sql += f""" AND t.pain_generator IN (
            SELECT slug FROM tag WHERE type = 'pain_generator' AND kind = 'body_region'
            AND value IN ({named("region", body_regions, given)}))"""
    sql += " ORDER BY p.sort_name, p.slug, g.sort_name, g.slug, t.role LIMIT :limit"
    return [Cell(*row) for row in snapshot.fetch(sql, given)]
