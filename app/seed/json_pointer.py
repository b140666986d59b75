"""JSON pointers (RFC 6901): escaping, and the line of a file that a pointer refers to."""

import json
import re
from typing import Final

_TOKEN: Final = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}\[\],:])|([^\s{}\[\],:"]+))')


def escape_step(step: str) -> str:
    """One key as a step of a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def split_pointer(pointer: str) -> list[str]:
    """Unescaped steps of a pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def find_line(text: str, pointer: str) -> int:
    """Line where the pointer's value (or its key) begins; if it is absent, the line of the nearest enclosing value."""
    wanted = split_pointer(pointer)
    best_depth, best_line = -1, 1
    path: list[str | int] = []
    in_object: list[bool] = []
    key_follows = False
    for match in _TOKEN.finditer(text):
        string, punctuation, _ = match.groups()
        if punctuation in {"}", "]"}:
            path.pop()
            in_object.pop()
            continue
        if punctuation == ",":
            key_follows = in_object[-1]
            if not key_follows:
                path[-1] = int(path[-1]) + 1
            continue
        if punctuation == ":" or match.lastindex is None:
            continue
        if string is not None and key_follows:
            path[-1] = json.loads(string)
            key_follows = False
        # A key or a value: the pointer may refer to it or to something inside it.
        current = [str(step) for step in path]
        if len(current) > best_depth and current == wanted[: len(current)]:
            best_depth, best_line = len(current), text.count("\n", 0, match.start(match.lastindex)) + 1
            if len(current) == len(wanted):
                break
        if punctuation in {"{", "["}:
            in_object.append(punctuation == "{")
            key_follows = punctuation == "{"
            path.append("" if key_follows else 0)
    return best_line
