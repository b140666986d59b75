"""Finished documents, by type and slug."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.db.read_engine import Snapshot
from app.db.statements import named


def find_document(snapshot: Snapshot, kind: str, slug: str) -> bytes | None:
    """A document in full; None: there is no such record."""
    rows = snapshot.fetch("SELECT body FROM document WHERE type = :type AND slug = :slug", {"type": kind, "slug": slug})
    return rows[0][0] if rows else None


def list_documents(snapshot: Snapshot, kind: str, slugs: Sequence[str]) -> dict[str, bytes]:
    """Documents in full by slug; those that are not there are left out."""
    if not slugs:
        return {}
    given: dict[str, Any] = {"type": kind}
    among = named("s", slugs, given)
    return dict(snapshot.fetch(f"SELECT slug, body FROM document WHERE type = :type AND slug IN ({among})", given))


def list_summaries(snapshot: Snapshot, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Summaries of records of any type, by type and slug."""
    if not keys:
        return {}
    given: dict[str, Any] = {}
    types = named("t", sorted({kind for kind, _ in keys}), given)
    slugs = named("s", sorted({slug for _, slug in keys}), given)
    sql = f"SELECT type, slug, summary FROM document WHERE type IN ({types}) AND slug IN ({slugs})"
    return {(kind, slug): summary for kind, slug, summary in snapshot.fetch(sql, given)}


def find_claim(snapshot: Snapshot, claim_id: str) -> bytes | None:
    """A claim as it is shown; None: there is no such claim."""
    rows = snapshot.fetch("SELECT document FROM claim WHERE id = :id", {"id": claim_id})
    return rows[0][0] if rows else None


def find_slug_by_size(snapshot: Snapshot, kind: str, *, smallest: bool) -> str | None:
    """The slug of the smallest or largest document among the first 200 of a type; None: there is none."""
    sql = (
        "SELECT slug FROM (SELECT slug, length(body) AS size FROM document WHERE type = :type ORDER BY slug LIMIT 200)"
        f" AS first_ones ORDER BY size {'ASC' if smallest else 'DESC'}, slug LIMIT 1"
    )
    rows = snapshot.fetch(sql, {"type": kind})
    return rows[0][0] if rows else None


def find_claim_id(snapshot: Snapshot) -> str | None:
    """The first claim by id; None: there is none."""
    rows = snapshot.fetch("SELECT id FROM claim ORDER BY id LIMIT 1", {})
    return rows[0][0] if rows else None


def walk_documents(snapshot: Snapshot, kind: str, *, below: str = "") -> Iterator[tuple[str, bytes]]:
    """Every document of a type whose slug begins with `below`, with its slug and in order of it, some at a time."""
    after = below
    while rows := snapshot.fetch(
        "SELECT slug, body FROM document WHERE type = :type AND slug > :after AND slug < :end ORDER BY slug LIMIT 200",
        {"type": kind, "after": after, "end": f"{below}~"},
    ):
        yield from ((slug, bytes(body)) for slug, body in rows)
        after = rows[-1][0]
