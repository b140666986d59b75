"""Documents as serialized JSON."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.db.read_engine import ReadTransaction
from app.db.statements import bind_list
from app.domain.documents import CURRENT_RELEASE, EMERGENCY_NOTICES


def find_document(transaction: ReadTransaction, document_type: str, slug: str) -> bytes | None:
    """Full document; None if there is no such document."""
    sql = "SELECT body FROM document WHERE type = :type AND slug = :slug"
    rows = transaction.fetch(sql, {"type": document_type, "slug": slug})
    return rows[0][0] if rows else None


def get_current_release_json(transaction: ReadTransaction) -> bytes:
    """Document of the current release."""
    return find_document(transaction, *CURRENT_RELEASE) or b"{}"


def get_emergency_notices_json(transaction: ReadTransaction) -> bytes:
    """Emergencies as JSON: the phrases that users search for, and the notice to show for each."""
    return find_document(transaction, *EMERGENCY_NOTICES) or b'{"words":{},"emergencies":[]}'


def list_documents(transaction: ReadTransaction, document_type: str, slugs: Sequence[str]) -> dict[str, bytes]:
    """Full documents by slug; unknown slugs are omitted."""
    if not slugs:
        return {}
    params: dict[str, Any] = {"type": document_type}
    names = bind_list("s", slugs, params)
    return dict(transaction.fetch(f"SELECT slug, body FROM document WHERE type = :type AND slug IN ({names})", params))


def list_summaries(transaction: ReadTransaction, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Summaries of records by (record type, slug); unknown records are omitted."""
    if not keys:
        return {}
    params: dict[str, Any] = {}
    types = bind_list("t", sorted({record_type for record_type, _ in keys}), params)
    slugs = bind_list("s", sorted({slug for _, slug in keys}), params)
    sql = f"SELECT type, slug, summary FROM document WHERE type IN ({types}) AND slug IN ({slugs})"
    return {(record_type, slug): summary for record_type, slug, summary in transaction.fetch(sql, params)}


def list_all_summaries(transaction: ReadTransaction, record_type: str) -> list[bytes]:
    """Summaries of all records of a type, by slug."""
    sql = "SELECT summary FROM document WHERE type = :type ORDER BY slug"
    return [bytes(row[0]) for row in transaction.fetch(sql, {"type": record_type})]


def find_slug_by_size(transaction: ReadTransaction, document_type: str, *, smallest: bool) -> str | None:
    """Slug of the smallest or largest among the first 200 documents of a type; None if there is none."""
    sql = (
        "SELECT slug FROM (SELECT slug, length(body) AS size FROM document WHERE type = :type ORDER BY slug LIMIT 200)"
        f" AS first_documents ORDER BY size {'ASC' if smallest else 'DESC'}, slug LIMIT 1"
    )
    rows = transaction.fetch(sql, {"type": document_type})
    return rows[0][0] if rows else None


def iter_documents(
    transaction: ReadTransaction, document_type: str, *, prefix: str = ""
) -> Iterator[tuple[str, bytes]]:
    """(slug, full document) of every document of a type whose slug starts with `prefix`, by slug, fetched in batches."""
    after = prefix
    while rows := transaction.fetch(
        "SELECT slug, body FROM document WHERE type = :type AND slug > :after AND slug < :end ORDER BY slug LIMIT 200",
        {"type": document_type, "after": after, "end": f"{prefix}~"},
    ):
        yield from ((slug, bytes(body)) for slug, body in rows)
        after = rows[-1][0]
