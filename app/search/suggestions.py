"""Suggestions while typing: names that start with the typed text, else the nearest names."""

import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, Final

from jellyfish import metaphone
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import TYPE_GROUP, TYPE_ORDER, NameSuffix, RecordRef, SearchIndex
from app.search.stemming import LAY_SYNONYMS, SPINAL_LEVEL, SPINE_REGIONS, STOP_WORDS, normalize_levels
from app.text.normalize import normalize

# (text, kind of the text, record type, slug, preferred name).
Suggestion = tuple[str, str, str, str, str]
_MIN_CORRECTABLE_LENGTH: Final = 3
# Fewer consonants sound like too many words.
_MIN_SOUND_LENGTH: Final = 3


def find_suggestions(
    index: SearchIndex, text: str, *, types: Collection[str] = (), limit: int = 10
) -> list[Suggestion]:
    """Find names with a word that starts with the typed text, else names with all typed words, else with most of them.

    A word that no name has is corrected. `types` are the record types to suggest; empty: all.
    """
    typed = normalize(normalize_levels(text))
    if not typed:
        return []
    matches = _list_by_prefix(index, typed, types)
    if not matches and (joined := _join_compound(index, typed)):
        typed, matches = joined, _list_by_prefix(index, joined, types)
    # Words around a name are skipped (my neck hurts), and a level or an everyday word matches the word of names.
    words = [word for word in typed.split() if word not in STOP_WORDS]
    if words and (not matches or SPINAL_LEVEL.fullmatch(typed)):
        choices = [_list_choices(word, last=word == words[-1]) for word in words]
        matches += _list_containing_all(index, choices, types)
        if not matches and len(typed) >= _MIN_CORRECTABLE_LENGTH:
            choices = [_correct(index, word, forms) for word, forms in zip(words, choices, strict=True)]
            typed = " ".join(forms[0] for forms in choices)
            matches = _list_by_prefix(index, typed, types) or _list_containing_all(index, choices, types)
        matches = matches or _list_containing_most(index, choices, types)
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
    return list(islice(_select_types(_iter_starting(index, typed), types), 400))


def _iter_starting(index: SearchIndex, prefix: str) -> Iterator[NameSuffix]:
    return map(index.name_suffixes.__getitem__, _find_range(index, prefix))


def _find_range(index: SearchIndex, prefix: str) -> range:
    """Positions of the name suffixes that start with a prefix."""
    start = bisect.bisect_left(index.name_suffixes, (prefix,))
    return range(start, bisect.bisect_left(index.name_suffixes, (prefix + "\uffff",), lo=start))


def _join_compound(index: SearchIndex, typed: str) -> str | None:
    """Return the text with its last two words joined if a name has a word that starts so: tail bo."""
    before, _, last = typed.rpartition(" ")
    first = before.rpartition(" ")[2]
    return before + last if first and first not in STOP_WORDS and _find_range(index, first + last) else None


def _list_choices(word: str, *, last: bool) -> tuple[str, ...]:
    """Beginnings of words of names that a typed word may mean; the last one may be unfinished."""
    region = (SPINE_REGIONS[word[0]],) if SPINAL_LEVEL.fullmatch(word) else ()
    everyday = [key for key in LAY_SYNONYMS if key.startswith(word)] if last and len(word) > 1 else [word]
    return (word, *region, *(LAY_SYNONYMS[key] for key in everyday if key in LAY_SYNONYMS))


def _list_containing_all(
    index: SearchIndex, words: Sequence[tuple[str, ...]], types: Collection[str]
) -> list[NameSuffix]:
    """Return names that have, for every typed word, a word that starts with one of its choices, in any order."""
    rarest = min(words, key=lambda choices: sum(len(_find_range(index, choice)) for choice in choices))
    matches = (
        suffix
        for choice in rarest
        for suffix in _select_types(_iter_starting(index, choice), types)
        if all(_has_any(suffix, choices) for choices in words)
    )
    return list(islice(matches, 200))


def _has_any(suffix: NameSuffix, choices: tuple[str, ...]) -> bool:
    return any(part.startswith(choices) for part in normalize(normalize_levels(suffix[1])).split())


def _list_containing_most(
    index: SearchIndex, words: Sequence[tuple[str, ...]], types: Collection[str]
) -> list[NameSuffix]:
    """Return names that have most of the typed words, rare ones before common ones; only the last may be unfinished."""
    weights: dict[tuple[str, str, str], float] = defaultdict(float)
    suffixes: dict[tuple[str, str, str], NameSuffix] = {}
    for choices in words:
        found: dict[tuple[str, str, str], NameSuffix] = {}
        for choice in choices:
            for suffix in islice(_select_types(_iter_starting(index, choice), types), 400):
                if choices is words[-1] or suffix[0].split()[0] in choices:
                    found.setdefault((suffix[3], suffix[4], suffix[1]), suffix)
        for name in found:
            weights[name] += 1 / len(found)
        suffixes |= found
    best = max(weights.values(), default=0.0)
    return [suffixes[name] for name, weight in weights.items() if weight == best]


def _select_types(suffixes: Iterable[NameSuffix], types: Collection[str]) -> Iterable[NameSuffix]:
    return (suffix for suffix in suffixes if suffix[3] in types) if types else suffixes


def _correct(index: SearchIndex, word: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """Return the choices for a word if a name has one of them, else the nearest beginning of a word, if there is one."""
    if any(_find_range(index, choice) for choice in choices):
        return choices
    nearest = _find_nearest_prefix(index, word) or _find_sound_alike_prefix(index, word)
    return (nearest,) if nearest else choices


def _find_sound_alike_prefix(index: SearchIndex, word: str) -> str | None:
    """Return the most frequent name word that begins as the word sounds (kifop)."""
    sound = metaphone(word)
    if len(sound) < _MIN_SOUND_LENGTH or not word.isalpha():
        return None
    words = [name for code, names in index.name_words_by_sound.items() if code.startswith(sound) for name in names]
    return min(words, key=lambda name: (-index.word_frequency[name], name), default=None)


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
