"""False corrections: correctly spelled words of medicine that search would take for another word.

Run it on the loaded database: `python -m search.corrections`. Search knows every word of ICD-10-CM, so each is tried as if it were
the one word that search does not know: as new to it as the names of diseases, drugs and organisms that callers type and ICD-10-CM lacks.
"""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from app.domain.code_table import list_words
from app.http.preparation import internal_context
from app.http.search import get_index
from app.main import create_app
from app.search.index import SearchIndex
from app.search.query_parser import parse_query
from app.settings import load_settings


def find_false_corrections(index: SearchIndex, words: Iterable[str]) -> list[tuple[str, str]]:
    """Words that are corrected while search does not know them, each with what it is taken for."""
    return [pair for word in words for pair in parse_query(_forget(index, word), word).interpretation.corrections]


def _forget(index: SearchIndex, word: str) -> SearchIndex:
    """The index without a known word, and without its singular."""
    known_words = index.known_words
    for form in {word, word.removesuffix("s")}:
        known_words = known_words.replace(b"\n" + form.encode() + b"\n", b"\n")
    return replace(index, known_words=known_words)


def main() -> None:
    """Print the false corrections and how many they are."""
    words = sorted(list_words())
    with tempfile.TemporaryDirectory() as directory:
        service = create_app(load_settings().model_copy(update={"search_dir": Path(directory)}))
        with internal_context(service.app) as ctx:
            corrections = find_false_corrections(get_index(ctx), words)
    for original, corrected in corrections:
        print(f"corrected {original!r} to {corrected!r}")
    print(f"corrections: {len(corrections)} of {len(words)} correctly spelled words")


if __name__ == "__main__":
    main()
