"""Stems of English words."""

from functools import lru_cache
from typing import Final

from tantivy import Filter, TextAnalyzerBuilder, Tokenizer

from app.text.normalize import normalize

STEMMER: Final = TextAnalyzerBuilder(Tokenizer.whitespace()).filter(Filter.stemmer("english")).build()


@lru_cache(maxsize=50_000)
def stem_words(text: str) -> tuple[str, ...]:
    """Return the stems of all words of a text in order, stop words included."""
    normalized = normalize(text)
    return tuple(STEMMER.analyze(normalized)) if normalized else ()
