"""Known words: English and the words of ICD-10-CM titles. What is one of them is never corrected into another word."""

import gzip
from functools import cache
from importlib import resources
from typing import Final

import orjson

# The lowest frequency of the English list means that a word is rare: short ones are as likely another word misspelled
# (blok, fantom), long ones are terms (electroporation).
_LOWEST_FREQUENCY: Final = 50
_MIN_RARE_LENGTH: Final = 7


@cache
def load_known_words() -> bytes:
    """Every known word in lower case, each between two line feeds: 1.7 MB instead of the 12 MB of a set."""
    # Read without importing the package, which compiles a dictionary of its own.
    packed = (resources.files("spellchecker") / "resources" / "en.json.gz").read_bytes()
    frequencies: dict[str, int] = orjson.loads(gzip.decompress(packed))
    words = {
        word
        for word, frequency in frequencies.items()
        if word.isalpha() and (frequency > _LOWEST_FREQUENCY or len(word) >= _MIN_RARE_LENGTH)
    }
    words |= set((resources.files("app.search") / "word_lists" / "icd-10-cm.txt").read_text(encoding="ascii").split())
    return b"\n" + "\n".join(sorted(words)).encode() + b"\n"


def is_known_word(word: str) -> bool:
    """Whether a word in lower case, or the singular of it, is English or in a title of ICD-10-CM."""
    words = load_known_words()
    singular = word.removesuffix("s")
    return any(b"\n" + candidate.encode() + b"\n" in words for candidate in {word, singular})
