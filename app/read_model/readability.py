"""US school grade of a text by two formulas: an alarm for editors, no proof that people understand."""

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9'\-]*")
_SENTENCE: Final = re.compile(r"[.!?]+(?=\s|$)")
_VOWELS: Final = re.compile(r"[aeiouy]+")
# An ending that is written and not spoken: made, joints; not table, needed, places.
_SILENT: Final = re.compile(r"(?<![aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyscxz])es$")


FORMULAS: Final = ("flesch_kincaid", "automated_readability")


def reading_grades(texts: list[str]) -> dict[str, float] | None:
    """Flesch-Kincaid grade and Automated Readability Index of texts taken together; None where there is no word."""
    whole = " ".join(texts)
    words = _WORD.findall(whole)
    if not words:
        return None
    sentences = max(len(_SENTENCE.findall(whole)), 1)
    length = len(words) / sentences
    syllables = sum(map(_syllables, words)) / len(words)
    letters = sum(map(len, words)) / len(words)
    return {
        "flesch_kincaid": round(0.39 * length + 11.8 * syllables - 15.59, 1),
        "automated_readability": round(4.71 * letters + 0.5 * length - 21.43, 1),
    }


# The words of all records together are some thousands.
@lru_cache(maxsize=100_000)
def _syllables(word: str) -> int:
    return max(len(_VOWELS.findall(_SILENT.sub("", word.lower()))), 1)
