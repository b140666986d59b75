"""US school grade of a text by two formulas: a warning for editors, no proof that readers understand."""

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9'\-]*")
_SENTENCE: Final = re.compile(r"[.!?]+(?=\s|$)")
_VOWELS: Final = re.compile(r"[aeiouy]+")
# Silent endings: made, joints; not table, needed, places.
_SILENT_ENDING: Final = re.compile(r"(?<![aeiouyl])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouyscxz])es$")


FORMULAS: Final = ("flesch_kincaid", "automated_readability")


def compute_reading_grades(texts: list[str]) -> dict[str, float] | None:
    """Compute the Flesch-Kincaid grade and Automated Readability Index of all texts together; None if they have no words."""
    text = " ".join(texts)
    words = _WORD.findall(text)
    if not words:
        return None
    sentences = max(len(_SENTENCE.findall(text)), 1)
    words_per_sentence = len(words) / sentences
    syllables_per_word = sum(map(count_syllables, words)) / len(words)
    letters_per_word = sum(map(len, words)) / len(words)
    return {
        "flesch_kincaid": round(0.39 * words_per_sentence + 11.8 * syllables_per_word - 15.59, 1),
        "automated_readability": round(4.71 * letters_per_word + 0.5 * words_per_sentence - 21.43, 1),
    }


# All records together use only a few thousand words.
@lru_cache(maxsize=100_000)
def count_syllables(word: str) -> int:
    """Count the syllables of a word by its groups of vowels."""
    return max(len(_VOWELS.findall(_SILENT_ENDING.sub("", word.lower()))), 1)
