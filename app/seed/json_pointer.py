"""JSON pointers (RFC 6901): escaping, and the line of a file that a pointer refers to."""

import json
import re
from collections.abc import Mapping
from typing import Final

_TOKEN: Final = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}\[\],:])|([^\s{}\[\],:"]+))')


def escape_step(step: str) -> str:
    """One key as a step of a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def split_pointer(pointer: str) -> list[str]:
    """Unescaped steps of a pointer."""
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def find_line(lines: Mapping[str, int], pointer: str) -> int:
    """Line where the pointer's value (or its key) begins; if it is absent, the line of the nearest enclosing value."""
    while pointer and pointer not in lines:
        pointer = pointer.rpartition("/")[0]
    return lines.get(pointer, 1)


def index_lines(text: str) -> dict[str, int]:
    """Pointer of each key and value of a JSON text -> its line, in one pass over the text."""
    lines: dict[str, int] = {}
    # Pointer of each enclosing object or array.
    outer: list[str] = []
    in_object: list[bool] = []
    # Pointer of the value that comes next, and its number in an array.
    pointer, position = "", [0]
    key_follows = False
    line, counted_to = 1, 0
    for match in _TOKEN.finditer(text):
        string, punctuation, _ = match.groups()
        if punctuation in {"}", "]"}:
            pointer = outer.pop()
            in_object.pop()
            position.pop()
            continue
        if punctuation == ",":
            key_follows = in_object[-1]
            if not key_follows:
                position[-1] += 1
                pointer = f"{outer[-1]}/{position[-1]}"
            continue
        if punctuation == ":" or match.lastindex is None:
            continue
        if string is not None and key_follows:
            pointer = f"{outer[-1]}/{escape_step(json.loads(string))}"
            key_follows = False
        start = match.start(match.lastindex)
        line, counted_to = line + text.count("\n", counted_to, start), start
        # A key comes before its value: the first of the two counts.
        lines.setdefault(pointer, line)
        if punctuation in {"{", "["}:
            outer.append(pointer)
            in_object.append(punctuation == "{")
            position.append(0)
            key_follows = punctuation == "{"
            pointer = f"{pointer}/0"
    return lines
