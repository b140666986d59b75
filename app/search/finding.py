"""Text filters of lists: which records of a type match every word of a text, by name, synonym or summary."""

from typing import Any

from sqlalchemy import Connection, select

from app.models import Name, Procedure
from app.search.folding import fold

_name: Any = Name
_procedure: Any = Procedure


def words_of(connection: Connection) -> dict[str, frozenset[str]]:
    """Folded words of every procedure's names and summary."""
    found: dict[str, set[str]] = {}
    for slug, folded in connection.execute(select(_name.slug, _name.folded).where(_name.type == "procedure")):
        found.setdefault(slug, set()).update(folded.split())
    for slug, summary in connection.execute(select(_procedure.slug, _procedure.summary)):
        found.setdefault(slug, set()).update(fold(summary or "").split())
    return {slug: frozenset(words) for slug, words in found.items()}


def matching(words: dict[str, frozenset[str]], text: str) -> tuple[str, ...]:
    """Slugs whose words begin with each word of the text."""
    wanted = fold(text).split()
    if not wanted:
        return ()
    return tuple(
        sorted(
            slug for slug, have in words.items() if all(any(word.startswith(one) for word in have) for one in wanted)
        )
    )
