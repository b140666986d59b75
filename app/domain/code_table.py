"""Table of the valid ICD-10-CM codes, April 2026 release: the codes alone, because titles are stored where they are mapped."""

from functools import cache
from importlib import resources


@cache
def _list_suffixes_by_category() -> dict[str, str]:
    """Category of three characters -> what follows it in its codes, each surrounded by spaces."""
    text = (resources.files("app.domain") / "code_tables" / "icd-10-cm.txt").read_text(encoding="ascii")
    return {line[:3]: f"{line[3:]} " for line in text.splitlines()}


def is_valid_code(code: str) -> bool:
    """Whether the table has a code (with its period), as a code for bills or as a category."""
    suffixes = _list_suffixes_by_category().get(code[:3])
    return suffixes is not None and (len(code) == 3 or f" {code[4:]} " in suffixes)


def has_narrower_codes(prefix: str) -> bool:
    """Whether the table has codes that begin with a prefix and are longer."""
    suffixes = _list_suffixes_by_category().get(prefix[:3])
    if suffixes is None:
        return False
    return (
        bool(suffixes.strip())
        if len(prefix) == 3
        else any(suffix != prefix[4:] and suffix.startswith(prefix[4:]) for suffix in suffixes.split())
    )


def find_parent(code: str) -> str | None:
    """Nearest valid code that a code begins with; None for a category of three characters."""
    for length in range(len(code) - 1, 2, -1):
        candidate = code[:length].rstrip(".")
        if is_valid_code(candidate):
            return candidate
    return None
