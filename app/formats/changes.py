"""Changes of a release in words: a line for each field, short enough to read. The whole values are in the list of changes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from app.domain.json import Json

# Characters of a value in a line.
_MAX_VALUE: Final = 160
# Members that say in words what an object is.
_TELLING_MEMBERS: Final = ("statement", "text", "title", "name", "label", "source", "slug", "id")


def shorten(text: str, length: int = _MAX_VALUE) -> str:
    """One line of a text, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length].rsplit(' ', 1)[0]} ..."


def describe_change(change: Json, length: int = _MAX_VALUE) -> str:
    """A line: the field, and its old and new value; of a list, what came and went."""
    if not change["field"]:
        return f"{change['change']} as a whole"
    old, new = _parse_value(change["old"]), _parse_value(change["new"])
    return _describe_difference(change["field"], change["change"], old, new, length)


def _describe_difference(field: str, verb: str, old: Any, new: Any, length: int) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(old, list) and isinstance(new, list):
        came = [entry for entry in new if entry not in old]
        went = [entry for entry in old if entry not in new]
        # What has the same name in both lists is one thing that changed.
        pairs = [(before, after) for before in went for after in came if _is_same(before, after)]
        changes = [
            f"{len(entries)} {verb}: {_describe(entries, length)}"
            for entries, verb in (
                ([entry for entry in came if all(entry is not after for _, after in pairs)], "added"),
                ([entry for entry in went if all(entry is not before for before, _ in pairs)], "removed"),
            )
            if entries
        ]
        changes += [shorten(_describe_members(before, after, length), length) for before, after in pairs]
        return f"{field}: {'; '.join(changes) or 'another order'}"
    values = [_describe(value, length) for value in (old, new) if value is not None]
    return (
        f"{field}: {' -> '.join(values)}" if len(values) == 2 else f"{field} {verb}: {values[0] if values else 'null'}"
    )


def _is_same(before: Any, after: Any) -> bool:  # noqa: ANN401 - any JSON value
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return False
    return (name := _find_name(before)) is not None and name == _find_name(after)


def _describe_members(before: Json, after: Json, length: int) -> str:
    members = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    lines = [
        _describe_difference(
            name,
            "added" if name not in before else "removed" if name not in after else "changed",
            before.get(name),
            after.get(name),
            length,
        )
        for name in members
    ]
    return f"{_find_name(before)} ({', '.join(lines)})"


def _find_name(entry: Json) -> str | None:
    """What tells in words which object it is; None: nothing does."""
    telling = next((entry[name] for name in _TELLING_MEMBERS if entry.get(name)), None)
    return telling if isinstance(telling, str) else None


def _parse_value(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """Value of a change, which is a string or JSON as text."""
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _describe(value: Any, length: int) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, list):
        return shorten("; ".join(_describe(entry, length) for entry in value), length)
    if isinstance(value, dict):
        value = _find_name(value) or orjson.dumps(value).decode()
    return shorten(value if isinstance(value, str) else orjson.dumps(value).decode(), length)


def describe_changes(changes: Sequence[Json], max_lines: int) -> list[str]:
    """A line for each change of a record; beyond `max_lines`, the rest is counted by field."""
    lines = [describe_change(change) for change in changes[:max_lines]]
    rest = Counter(change["field"].split("/")[1] for change in changes[max_lines:] if change["field"])
    if rest:
        counts = ", ".join(f"{field} {count}" for field, count in rest.most_common())
        lines.append(f"and {rest.total()} more changes: {counts}")
    return lines


def build_changes_path(version: str, entity: str) -> str:
    """Path of the changes of one record in full."""
    return f"/v1/releases/{quote(version)}/changes?{urlencode({'entity': entity}, safe='/')}"
