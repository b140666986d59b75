"""Suggestions while typing: names that start with the typed text, else the nearest names."""

import bisect
from collections.abc import Collection, Iterable
from itertools import islice, takewhile
from operator import itemgetter
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import TYPE_GROUP, TYPE_ORDER, NameSuffix, RecordRef, SearchIndex
from app.search.stemming import LAY_SYNONYMS, SPINAL_LEVEL, SPINE_REGIONS, STOP_WORDS, normalize_levels
from app.text.normalize import normalize

# (text, kind of the text, record type, slug, preferred name).
Suggestion = tuple[str, str, str, str, str]


def find_suggestions(
    index: SearchIndex, text: str, *, types: Collection[str] = (), limit: int = 10
) -> list[Suggestion]:
    """Find names with a word that starts with the typed text.

    If there is no such name, misspelled words are corrected first. `types` are the record types to suggest; empty: all.
    """
    typed = normalize(normalize_levels(text))
    if not typed:
        return []
    matches = _list_by_prefix(index, typed, types)
    if not matches:
        # Words around a name are skipped (my neck hurts), and a level or an everyday word matches the word of names.
        choices = [_list_choices(word) for word in typed.split() if word not in STOP_WORDS]
        matches = _list_containing_all(index, choices, types) if choices else []
    if not matches and len(typed) >= 3:
        corrected = [_correct_prefix(index, word) for word in typed.split()]
        words = [word for word in corrected if word]
        if len(words) == len(corrected):
            typed = " ".join(words)
            matches = _list_by_prefix(index, typed, types) or _list_containing_all(
                index, [(word,) for word in words], types
            )
    # The best name of each record.
    best: dict[RecordRef, tuple[tuple[Any, ...], NameSuffix]] = {}
    for suffix in matches:
        rank, record = _rank(suffix, typed), suffix[3:5]
        if record not in best or rank < best[record][0]:
            best[record] = (rank, suffix)
    ranked = sorted(best.values(), key=itemgetter(0))
    return [suffix[1:] for _, suffix in ranked[:limit]]


def _list_by_prefix(index: SearchIndex, typed: str, types: Collection[str]) -> list[NameSuffix]:
    """Return names that start with the typed text, or do from one of their words on."""
    suffixes = index.name_suffixes
    start = bisect.bisect_left(suffixes, (typed,))
    matches = takewhile(
        lambda suffix: suffix[0].startswith(typed), map(suffixes.__getitem__, range(start, len(suffixes)))
    )
    return list(islice(_select_types(matches, types), 400))


def _list_choices(word: str) -> tuple[str, ...]:
    """Beginnings of words of names that a typed word may mean."""
    region = (SPINE_REGIONS[word[0]],) if SPINAL_LEVEL.fullmatch(word) else ()
    synonym = (LAY_SYNONYMS[word],) if word in LAY_SYNONYMS else ()
    return (word, *region, *synonym)


def _list_containing_all(index: SearchIndex, words: list[tuple[str, ...]], types: Collection[str]) -> list[NameSuffix]:
    """Return names that have, for every typed word, a word that starts with one of its choices, in any order."""
    matches = (
        suffix
        for suffix in _select_types(index.name_suffixes, types)
        if all(any(part.startswith(choices) for part in suffix[0].split()) for choices in words)
    )
    return list(islice(matches, 200))


def _select_types(suffixes: Iterable[NameSuffix], types: Collection[str]) -> Iterable[NameSuffix]:
    return (suffix for suffix in suffixes if suffix[3] in types) if types else suffixes


def _correct_prefix(index: SearchIndex, word: str) -> str | None:
    """Return the word itself if a name has a word that starts with it, else the nearest such word or None."""
    suffixes = index.name_suffixes
    position = bisect.bisect_left(suffixes, (word,))
    if position < len(suffixes) and suffixes[position][0].startswith(word):
        return word
    return _find_nearest_prefix(index, word)


def _rank(suffix: NameSuffix, typed: str) -> tuple[Any, ...]:
    _, text, name_kind, record_type, slug, _ = suffix
    full_text = normalize(normalize_levels(text))
    return (
        not full_text.startswith(typed),
        full_text != typed,
        TYPE_GROUP.get(record_type, 0),
        name_kind != "preferred",
        len(full_text),
        TYPE_ORDER[record_type],
        slug,
    )


def _find_nearest_prefix(index: SearchIndex, word: str) -> str | None:
    nearest = _find_nearest(word, index.first_words, max_edits=1 if len(word) < 6 else 2)
    if nearest is None and len(word) >= 4:
        # An unfinished word is compared with prefixes of its own length.
        prefixes = {candidate[: len(word)]: candidate for candidate in index.first_words if len(candidate) > len(word)}
        prefix = _find_nearest(word, list(prefixes), max_edits=1)
        nearest = prefix and prefixes[prefix]
    return nearest


def _find_nearest(word: str, candidates: Collection[str], *, max_edits: int) -> str | None:
    matches = process.extract(word, candidates, scorer=OSA.distance, score_cutoff=max_edits, limit=5)
    return min(((distance, candidate) for candidate, distance, _ in matches), default=(0, None))[1]
