"""From what a caller wrote to the record that is meant: slug, former slug, or a name."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.models import Document, FormerSlug, Name, Withdrawn
from app.search.folding import fold

_document: Any = Document
_formerslug: Any = FormerSlug
_name: Any = Name
_withdrawn: Any = Withdrawn


@dataclass(frozen=True)
class Meant:
    """What a name leads to: one record, several, or none; `former` when the slug was one in an earlier release."""

    slugs: tuple[str, ...]
    former: bool = False


_FORMER = select(_formerslug.slug).where(
    _formerslug.type == bindparam("type"), _formerslug.former == bindparam("former")
)
_BY_NAME = select(_name.slug, _name.kind).where(_name.type == bindparam("type"), _name.folded == bindparam("folded"))
_GONE = select(_withdrawn.reason, _withdrawn.replaced_by).where(
    _withdrawn.type == bindparam("type"),
    _withdrawn.slug == bindparam("slug"),
)


def find_meant(connection: Connection, kind: str, name: str) -> Meant:
    """Records that a former slug or a known name leads to."""
    former = connection.execute(_FORMER, {"type": kind, "former": name}).scalar()
    if former is not None:
        return Meant((former,), former=True)
    rows = connection.execute(_BY_NAME, {"type": kind, "folded": fold(name)}).all()
    preferred = sorted({slug for slug, name_kind in rows if name_kind == "preferred"})
    return Meant(tuple(preferred or sorted({slug for slug, _ in rows})))


def find_withdrawn(connection: Connection, kind: str, slug: str) -> tuple[str, str] | None:
    """Reason and replacements (JSON array of slugs) of a withdrawn record; None: it never was, or still is."""
    row = connection.execute(_GONE, {"type": kind, "slug": slug}).first()
    return None if row is None else (row[0], row[1])


def list_names(connection: Connection, kind: str) -> dict[str, str]:
    """Every name of a type of record, with its slug: what suggestions are chosen from."""
    statement = select(_name.text, _name.slug).where(_name.type == kind).order_by(_name.text, _name.slug.desc())
    return dict(connection.execute(statement).all())


def list_slugs(connection: Connection, kind: str) -> dict[str, str]:
    """Every slug of a type of record, with its name."""
    statement = select(_document.slug, _document.name).where(_document.type == kind)
    return dict(connection.execute(statement).all())
