"""Stems of English words."""

from functools import lru_cache
from typing import Final

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from app.text.normalize import normalize

STEMMER: Final = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


# Longer texts are analyzed each time: a cache of what callers send is bounded in bytes.
MAX_CACHED_TEXT: Final = 80


def stem_words(text: str) -> tuple[str, ...]:
    """Return the stems of all words of a text in order, stop words included."""
    return _cached_stems(text) if len(text) <= MAX_CACHED_TEXT else _stem_words(text)


def _stem_words(text: str) -> tuple[str, ...]:
    normalized = normalize(text)
    return tuple(STEMMER.analyze(normalized)) if normalized else ()


_cached_stems = lru_cache(maxsize=20_000)(_stem_words)
