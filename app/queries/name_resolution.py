"""Record resolution by slug, old slug or name."""

from dataclasses import dataclass

from app.db.read_engine import ReadTransaction
from app.text.normalize import normalize


@dataclass(frozen=True)
class NameMatch:
    """Slugs of the records that a name leads to: one, several (the name is ambiguous) or none."""

    slugs: tuple[str, ...]
    # The name is a slug of an earlier release.
    is_old_slug: bool = False


def resolve_name(transaction: ReadTransaction, record_type: str, name: str) -> NameMatch:
    """Records with this old slug, else with this preferred name, else with this name of any kind."""
    sql = "SELECT slug FROM former_slug WHERE type = :type AND old_slug = :old_slug"
    moved = transaction.fetch(sql, {"type": record_type, "old_slug": name})
    if moved:
        return NameMatch((moved[0][0],), is_old_slug=True)
    sql = "SELECT slug, kind FROM name WHERE type = :type AND normalized = :normalized"
    rows = transaction.fetch(sql, {"type": record_type, "normalized": normalize(name)})
    preferred = sorted({slug for slug, name_kind in rows if name_kind == "preferred"})
    return NameMatch(tuple(preferred or sorted({slug for slug, _ in rows})))


def find_withdrawn(transaction: ReadTransaction, record_type: str, slug: str) -> tuple[str, str] | None:
    """(reason, JSON array of replacement slugs) of a withdrawn record; None if no withdrawn record had this slug."""
    sql = "SELECT reason, replaced_by FROM withdrawn WHERE type = :type AND slug = :slug"
    rows = transaction.fetch(sql, {"type": record_type, "slug": slug})
    return (rows[0][0], rows[0][1]) if rows else None


def list_names(transaction: ReadTransaction, record_type: str) -> dict[str, str]:
    """All names of a record type with their slugs. Of equal names the lowest slug wins."""
    sql = "SELECT text, slug FROM name WHERE type = :type ORDER BY text, slug DESC"
    return dict(transaction.fetch(sql, {"type": record_type}))


def list_search_phrases(transaction: ReadTransaction, record_type: str) -> dict[str, str]:
    """All search phrases of a record type with their slugs. Of equal phrases the lowest slug wins."""
    sql = "SELECT text, slug FROM search_phrase WHERE type = :type ORDER BY text, slug DESC"
    return dict(transaction.fetch(sql, {"type": record_type}))


def list_slugs(transaction: ReadTransaction, record_type: str) -> dict[str, str]:
    """All slugs of a record type with their names."""
    return dict(transaction.fetch("SELECT slug, name FROM document WHERE type = :type", {"type": record_type}))


def list_names_with_kind(transaction: ReadTransaction, record_type: str) -> list[tuple[str, str, str]]:
    """(slug, name kind, text) of all names of a record type, sorted."""
    sql = "SELECT slug, kind, text FROM name WHERE type = :type ORDER BY slug, kind, text"
    return [(slug, name_kind, text) for slug, name_kind, text in transaction.fetch(sql, {"type": record_type})]


def list_parents(transaction: ReadTransaction, record_type: str) -> list[tuple[str, str]]:
    """(slug, slug of the parent) of all records of a type, sorted. A record may have several parents."""
    sql = "SELECT slug, ancestor FROM ancestor WHERE type = :type AND depth = 1 ORDER BY slug, ancestor"
    return [(slug, parent) for slug, parent in transaction.fetch(sql, {"type": record_type})]


def list_ancestors(transaction: ReadTransaction, record_type: str) -> list[tuple[str, str]]:
    """(slug, slug of a broader record at any distance) of all records of a type, sorted."""
    sql = "SELECT slug, ancestor FROM ancestor WHERE type = :type AND depth > 0 ORDER BY slug, ancestor"
    return [(slug, ancestor) for slug, ancestor in transaction.fetch(sql, {"type": record_type})]


def list_families(transaction: ReadTransaction) -> dict[str, str]:
    """Families of all procedures by slug."""
    return dict(transaction.fetch("SELECT slug, family FROM procedure", {}))
