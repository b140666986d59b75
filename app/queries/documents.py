"""Finished documents, by type and slug."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.models import Claim, Document

_claim: Any = Claim
_document: Any = Document


_BODY = select(_document.body).where(_document.type == bindparam("type"), _document.slug == bindparam("slug"))
_MANY = select(_document.slug, _document.body).where(
    _document.type == bindparam("type"),
    _document.slug.in_(bindparam("slugs", expanding=True)),
)
_CLAIM = select(_claim.document).where(_claim.id == bindparam("id"))


def find_document(connection: Connection, kind: str, slug: str) -> bytes | None:
    """A document in full; None: there is no such record."""
    body: bytes | None = connection.execute(_BODY, {"type": kind, "slug": slug}).scalar()
    return body


def list_documents(connection: Connection, kind: str, slugs: Sequence[str]) -> dict[str, bytes]:
    """Documents in full by slug; those that are not there are left out."""
    return dict(connection.execute(_MANY, {"type": kind, "slugs": list(slugs)}).all())


def list_summaries(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    """Summaries of records of any type, by type and slug."""
    if not keys:
        return {}
    statement = select(_document.type, _document.slug, _document.summary).where(
        _document.slug.in_([slug for _, slug in keys]), _document.type.in_({kind for kind, _ in keys})
    )
    return {(kind, slug): summary for kind, slug, summary in connection.execute(statement)}


def find_claim(connection: Connection, claim_id: str) -> bytes | None:
    """A claim as it is shown; None: there is no such claim."""
    document: bytes | None = connection.execute(_CLAIM, {"id": claim_id}).scalar()
    return document
