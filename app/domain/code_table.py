"""Table of the valid ICD-10-CM codes with their titles, April 2026 release (`scripts/write_code_table.py` writes its file)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

# Characters of a code with all its seven characters, and the period.
MAX_LENGTH: Final = 8


@dataclass(frozen=True)
class _Table:
    # Category of three characters -> lines of its codes, each between line ends: what follows the three, title, name of endings.
    lines_by_category: Mapping[str, str]
    # Name -> seventh character -> what it adds to the title.
    endings: Mapping[str, Mapping[str, str]]


def _read_file(name: str) -> str:
    text = (resources.files("app.domain") / "code_tables" / name).read_text(encoding="utf-8")
    return text.removesuffix("\n")


@cache
def _read_table() -> _Table:
    *categories, endings = _read_file("icd-10-cm.txt").split("\n\n")
    rows = (line.split("\t") for line in endings.splitlines())
    return _Table(
        {lines[:3]: f"\n{lines[3:]}\n" for lines in categories},
        {name: {ending[0]: ending[2:] for ending in row} for name, *row in rows},
    )


def _find_line(code: str) -> list[str]:
    """What follows the category in a code, its title, and the name of its endings if it has any; empty: it has no line."""
    lines = _read_table().lines_by_category.get(code[:3], "")
    start = lines.find(f"\n{code[3:]}\t") + 1
    return lines[start : lines.index("\n", start)].split("\t") if start else []


def find_title(code: str) -> str | None:
    """Title of a code with its period, for bills or a category; None if the table does not have the code."""
    if line := _find_line(code):
        return line[1]
    # An X holds the place of each character before the seventh that the code does not have.
    _, title, *names = (len(code) == MAX_LENGTH and _find_line(code[:-1].rstrip("X."))) or ("", "")
    ending = _read_table().endings[names[0]].get(code[-1]) if names else None
    return f"{title}, {ending}" if ending else None


def is_valid_code(code: str) -> bool:
    """Whether the table has a code (with its period), as a code for bills or as a category."""
    return find_title(code) is not None


def has_narrower_codes(prefix: str) -> bool:
    """Whether the table has codes that begin with a prefix and are longer."""
    lines = _read_table().lines_by_category.get(prefix[:3], "")
    beginning = f"\n{prefix[3:]}"
    start = lines.find(beginning)
    # The line of the prefix itself comes first.
    if start >= 0 and (lines[start + len(beginning)] != "\t" or lines.find(beginning, start + 1, -1) >= 0):
        return True
    # The seventh character alone is left.
    return len(prefix) < MAX_LENGTH and len(_find_line(prefix.rstrip("X."))) > 2


def list_words() -> set[str]:
    """Words of four letters or more in the titles and in what the codes include and exclude, in lower case."""
    table = _read_table()
    texts = [*table.lines_by_category.values(), *(text for row in table.endings.values() for text in row.values())]
    words_of_titles = {word for text in texts for word in re.findall(r"[a-z]{4,}", text.lower())}
    return words_of_titles.union(_read_file("icd-10-cm-words.txt").splitlines())


def find_parent(code: str) -> str | None:
    """Nearest valid code that a code begins with; None for a category of three characters."""
    for length in range(len(code) - 1, 2, -1):
        candidate = code[:length].rstrip(".")
        if is_valid_code(candidate):
            return candidate
    return None
