"""False corrections: correctly spelled words of medicine that search takes for another word.

Run it on the loaded database: `python -m search.corrections`. The words are those of the inclusion terms and exclusions of ICD-10-CM,
from the package `simple-icd-10-cm`. Search knows the titles of ICD-10-CM and no more, so that names of diseases, drugs and organisms that
stand in these notes alone are as new to it as what a caller types.
"""

import re
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

from app.http.preparation import internal_context
from app.http.search import get_index
from app.main import create_app
from app.search.index import SearchIndex
from app.search.query_parser import parse_query
from app.settings import load_settings

with warnings.catch_warnings():
    # The package uses an older call of importlib.resources.
    warnings.simplefilter("ignore")
    import simple_icd_10_cm

_MIN_LETTERS = 4


def list_words() -> list[str]:
    """Words of the notes of every code, in lower case, sorted."""
    words: set[str] = set()
    for code in simple_icd_10_cm.get_all_codes(with_dots=True):
        for notes in (
            simple_icd_10_cm.get_inclusion_term,
            simple_icd_10_cm.get_excludes1,
            simple_icd_10_cm.get_excludes2,
        ):
            for text in notes(code):
                words.update(re.findall(rf"[a-z]{{{_MIN_LETTERS},}}", text.lower()))
    return sorted(words)


def find_false_corrections(index: SearchIndex, words: Iterable[str]) -> list[tuple[str, str]]:
    """Words that are corrected, each with what it is taken for."""
    return [pair for word in words for pair in parse_query(index, word).interpretation.corrections]


def main() -> None:
    """Print the false corrections and how many they are."""
    words = list_words()
    with tempfile.TemporaryDirectory() as directory:
        service = create_app(load_settings().model_copy(update={"search_dir": Path(directory)}))
        with internal_context(service.app) as ctx:
            corrections = find_false_corrections(get_index(ctx), words)
    for original, corrected in corrections:
        print(f"corrected {original!r} to {corrected!r}")
    print(f"corrections: {len(corrections)} of {len(words)} correctly spelled words")


if __name__ == "__main__":
    main()
