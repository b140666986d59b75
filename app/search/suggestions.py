"""Names that begin as what has been typed so far, else names nearest to it."""

import bisect
from itertools import islice
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import TYPE_GROUP, TYPE_ORDER, SearchIndex
from app.search.stemming import normalize_levels
from app.text.normalize import normalize


def find_suggestions(index: SearchIndex, text: str, limit: int = 10) -> list[tuple[str, str, str, str, str]]:
    """Names that begin so (at any word), else names nearest to it: (text, kind, type, slug, name)."""
    wanted = normalize(normalize_levels(text))
    if not wanted:
        return []
    found = _find_by_prefix(index, wanted)
    if not found and len(wanted) >= 3:
        corrected = [_correct_prefix(index, word) for word in wanted.split()]
        again = " ".join(word or "" for word in corrected)
        if all(corrected):
            found = _find_by_prefix(index, again) or _find_containing_all(index, again.split(), wanted)
    ranked = sorted(found.values(), key=lambda row: row[0])
    return [(row[1][1], row[1][2], row[1][3], row[1][4], row[1][5]) for row in ranked[:limit]]


def _find_by_prefix(index: SearchIndex, wanted: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Names of which the whole, or the part from some word on, begins so."""
    keys = index.name_suffixes
    start = bisect.bisect_left(keys, (wanted,))
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in keys[start : start + 400]:
        if not row[0].startswith(wanted):
            break
        _add_candidate(found, row, wanted)
    return found


def _find_containing_all(index: SearchIndex, words: list[str], wanted: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Names that have every word, in any order."""
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    rows = (
        row
        for row in index.name_suffixes
        if all(any(part.startswith(word) for part in row[0].split()) for word in words)
    )
    for row in islice(rows, 200):
        _add_candidate(found, row, wanted)
    return found


def _correct_prefix(index: SearchIndex, word: str) -> str | None:
    """The word itself where a name has a word that begins so; else the nearest one; None: nothing is near."""
    keys = index.name_suffixes
    place = bisect.bisect_left(keys, (word,))
    if place < len(keys) and keys[place][0].startswith(word):
        return word
    return _find_nearest_prefix(index, word)


def _add_candidate(
    found: dict[tuple[str, str], tuple[Any, ...]], row: tuple[str, str, str, str, str, str], wanted: str
) -> None:
    _, text, kind, type_, slug, _ = row
    whole = normalize(normalize_levels(text))
    rank = (
        not whole.startswith(wanted),
        whole != wanted,
        TYPE_GROUP.get(type_, 0),
        kind != "preferred",
        len(whole),
        TYPE_ORDER[type_],
        slug,
    )
    key = (type_, slug)
    if key not in found or rank < found[key][0]:
        found[key] = (rank, row)


def _find_nearest_prefix(index: SearchIndex, word: str) -> str | None:
    words = index.first_words
    edits = 1 if len(word) < 6 else 2
    best: tuple[int, str] | None = None
    for candidate, distance, _ in process.extract(word, words, scorer=OSA.distance, score_cutoff=edits, limit=5):
        best = min(best or (distance, candidate), (int(distance), candidate))
    if best is None and len(word) >= 4:
        # A word still being typed is compared with beginnings of its own length.
        heads = {one[: len(word)]: one for one in words if len(one) > len(word)}
        for head, distance, _ in process.extract(word, list(heads), scorer=OSA.distance, score_cutoff=1, limit=5):
            best = min(best or (distance, heads[head]), (int(distance), heads[head]))
    return best[1] if best else None
