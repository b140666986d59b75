"""Problems in seed files: file, line, JSON pointer and a message that says how to fix them."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.text.nearest import find_nearest


@dataclass(frozen=True, order=True)
class SeedProblem:
    """Problem in a seed file."""

    file: str
    line: int
    pointer: str
    message: str

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.pointer or '/'}: {self.message}"
        # Seed files may contain text that is unsafe for a terminal (lone surrogates, escape sequences).
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class SeedInvalid(Exception):
    """The seed cannot be loaded; `problems` lists everything that is wrong with it. No response reports it."""

    def __init__(self, problems: list[SeedProblem]) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the seed files")
        self.problems = sorted(problems)


def did_you_mean(text: str, candidates: Iterable[str], otherwise: str = "") -> str:
    """End of a message: a suggestion for a wrong name, or `otherwise` if no candidate is similar."""
    near = find_nearest(text, candidates, limit=1)
    return f"; did you mean {near[0]!r}?" if near else otherwise
