"""From what a caller wrote to the record that is meant: slug, former slug, or a name."""

from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select

from app.models import Document, FormerSlug, Name, Withdrawn
from app.search.folding import fold


@dataclass(frozen=True)
class Meant:
    """What a name leads to: one record, several, or none; `former` when the slug was one in an earlier release."""

    slugs: tuple[str, ...]
    former: bool = False


_FORMER = select(FormerSlug.slug).where(FormerSlug.type == bindparam("type"), FormerSlug.former == bindparam("former"))  # type: ignore[call-overload,arg-type]
_BY_NAME = select(Name.slug, Name.kind).where(Name.type == bindparam("type"), Name.folded == bindparam("folded"))  # type: ignore[call-overload,arg-type]
_GONE = select(Withdrawn.reason, Withdrawn.replaced_by).where(  # type: ignore[call-overload]
    Withdrawn.type == bindparam("type"),
    Withdrawn.slug == bindparam("slug"),  # type: ignore[arg-type]
)


def find_meant(connection: Connection, kind: str, name: str) -> Meant:
    """Records that a former slug or a known name leads to."""
    former = connection.execute(_FORMER, {"type": kind, "former": name}).scalar()
    if former is not None:
        return Meant((former,), former=True)
    rows = connection.execute(_BY_NAME, {"type": kind, "folded": fold(name)}).tuples().all()
    preferred = sorted({slug for slug, name_kind in rows if name_kind == "preferred"})
    return Meant(tuple(preferred or sorted({slug for slug, _ in rows})))


def find_withdrawn(connection: Connection, kind: str, slug: str) -> tuple[str, str] | None:
    """Reason and replacements (JSON array of slugs) of a withdrawn record; None: it never was, or still is."""
    row = connection.execute(_GONE, {"type": kind, "slug": slug}).first()
    return None if row is None else (row[0], row[1])


def list_names(connection: Connection, kind: str) -> dict[str, str]:
    """Every name of a type of record, with its slug: what suggestions are chosen from."""
    statement = select(Name.text, Name.slug).where(Name.type == kind).order_by(Name.text, Name.slug.desc())  # type: ignore[call-overload,arg-type,attr-defined]
    return dict(connection.execute(statement).tuples().all())


def list_slugs(connection: Connection, kind: str) -> dict[str, str]:
    """Every slug of a type of record, with its name."""
    statement = select(Document.slug, Document.name).where(Document.type == kind)  # type: ignore[call-overload,arg-type]
    return dict(connection.execute(statement).tuples().all())
