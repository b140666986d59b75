"""From what a caller wrote to the record that is meant: slug, former slug, or a name."""

from dataclasses import dataclass

from app.db.read_engine import ReadTransaction
from app.text.normalize import normalize


@dataclass(frozen=True)
class NameMatch:
    """What a name leads to: one record, several, or none; `former` when the slug was one in an earlier release."""

    slugs: tuple[str, ...]
    is_old_slug: bool = False


def resolve_name(snapshot: ReadTransaction, record_type: str, name: str) -> NameMatch:
    """Records that a former slug or a known name leads to."""
    former = snapshot.fetch(
        "SELECT slug FROM former_slug WHERE type = :type AND former = :former", {"type": record_type, "former": name}
    )
    if former:
        return NameMatch((former[0][0],), is_old_slug=True)
    rows = snapshot.fetch(
        "SELECT slug, kind FROM name WHERE type = :type AND folded = :folded", {"type": record_type, "folded": normalize(name)}
    )
    preferred = sorted({slug for slug, name_kind in rows if name_kind == "preferred"})
    return NameMatch(tuple(preferred or sorted({slug for slug, _ in rows})))


def find_withdrawn(snapshot: ReadTransaction, record_type: str, slug: str) -> tuple[str, str] | None:
    """Reason and replacements (JSON array of slugs) of a withdrawn record; None: it never was, or still is."""
    rows = snapshot.fetch(
        "SELECT reason, replaced_by FROM withdrawn WHERE type = :type AND slug = :slug", {"type": record_type, "slug": slug}
    )
    return (rows[0][0], rows[0][1]) if rows else None


def list_names(snapshot: ReadTransaction, record_type: str) -> dict[str, str]:
    """Every name of a type of record, with its slug: what suggestions are chosen from."""
    sql = "SELECT text, slug FROM name WHERE type = :type ORDER BY text, slug DESC"
    return dict(snapshot.fetch(sql, {"type": record_type}))


def list_slugs(snapshot: ReadTransaction, record_type: str) -> dict[str, str]:
    """Every slug of a type of record, with its name."""
    return dict(snapshot.fetch("SELECT slug, name FROM document WHERE type = :type", {"type": record_type}))


def list_slugs_by_name(snapshot: ReadTransaction, record_type: str, folded: str, *, match: str, limit: int) -> list[str]:
    """Slugs of records with a name that begins so, contains it, or is it (`how`), folded alike; at most `most`, in order."""
    # Folded text has lower case letters, digits and spaces alone: `~` stands behind all of them, `%` is never in it.
    given = {"type": record_type, "from": folded, "to": f"{folded}~", "part": f"%{folded}%", "most": limit}
    column, rows = ("sort_name", "source") if record_type == "source" else ("folded", "name")
    test = {
        "starts": f"{column} >= :from AND {column} < :to",
        "contains": f"{column} LIKE :part",
        "exact": f"{column} = :from",
    }[match]
    of_type = "" if record_type == "source" else "type = :type AND "
    sql = f"SELECT DISTINCT slug FROM {rows} WHERE {of_type}{test} ORDER BY slug LIMIT :most"
    return [row[0] for row in snapshot.fetch(sql, given)]


def list_names_with_kind(snapshot: ReadTransaction, record_type: str) -> list[tuple[str, str, str]]:
    """Slug, kind and text of every name of a type of record, in order."""
    sql = "SELECT slug, kind, text FROM name WHERE type = :type ORDER BY slug, kind, text"
    return [(slug, name_kind, text) for slug, name_kind, text in snapshot.fetch(sql, {"type": record_type})]


def list_parents(snapshot: ReadTransaction, record_type: str) -> list[tuple[str, str]]:
    """Slug and the record directly above it, for a type of record, in order."""
    sql = "SELECT slug, ancestor FROM broader WHERE type = :type AND depth = 1 ORDER BY slug, ancestor"
    return [(slug, above) for slug, above in snapshot.fetch(sql, {"type": record_type})]


def list_families(snapshot: ReadTransaction) -> dict[str, str]:
    """Family of every procedure."""
    return dict(snapshot.fetch("SELECT slug, family FROM procedure", {}))
