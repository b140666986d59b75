"""Finished documents, by type and slug."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from app.models import Claim, Document

_BODY = select(Document.body).where(Document.type == bindparam("type"), Document.slug == bindparam("slug"))  # type: ignore[call-overload,arg-type]
_MANY = select(Document.slug, Document.body).where(  # type: ignore[call-overload]
    Document.type == bindparam("type"),
    Document.slug.in_(bindparam("slugs", expanding=True)),  # type: ignore[attr-defined,arg-type]
)
_CLAIM = select(Claim.document).where(Claim.id == bindparam("id"))  # type: ignore[call-overload,arg-type]


def find_document(connection: Connection, kind: str, slug: str) -> bytes | None:
    """A document in full; None: there is no such record."""
    body: bytes | None = connection.execute(_BODY, {"type": kind, "slug": slug}).scalar()
    return body


def list_documents(connection: Connection, kind: str, slugs: Sequence[str]) -> dict[str, bytes]:
    """Documents in full by slug; those that are not there are left out."""
    return dict(connection.execute(_MANY, {"type": kind, "slugs": list(slugs)}).tuples().all())


def find_claim(connection: Connection, claim_id: str) -> bytes | None:
    """A claim as it is shown; None: there is no such claim."""
    document: bytes | None = connection.execute(_CLAIM, {"id": claim_id}).scalar()
    return document
