"""Known words: English and the words of ICD-10-CM. What is one of them is never corrected into another word."""

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson

from app.domain.code_table import list_words

# The lowest frequency of the English list means that a word is rare: short ones are as likely another word misspelled
# (blok, fantom), long ones are terms (electroporation).
_LOWEST_FREQUENCY: Final = 50
_MIN_RARE_LENGTH: Final = 7


def build_known_words() -> bytes:
    """Every known word in lower case, each between two line feeds: 1.2 MB instead of the 12 MB of a set."""
    frequencies: dict[str, int] = orjson.loads(gzip.decompress(_find_english_list().read_bytes()))
    words = {
        word
        for word, frequency in frequencies.items()
        if word.isalpha() and (frequency > _LOWEST_FREQUENCY or len(word) >= _MIN_RARE_LENGTH)
    }
    return b"\n" + "\n".join(sorted(words | list_words())).encode() + b"\n"


def _find_english_list() -> Path:
    # The package is not imported: that would compile regular expressions and read nothing that is needed.
    spec = find_spec("spellchecker")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'spellchecker'", name="spellchecker")
    return Path(spec.origin).parent / "resources" / "en.json.gz"


def is_known_word(words: bytes, word: str) -> bool:
    """Whether a word in lower case, or the singular of it, is among the words that `build_known_words` gave."""
    singular = word.removesuffix("s")
    return any(b"\n" + candidate.encode() + b"\n" in words for candidate in {word, singular})
