"""Field-by-field differences between two states of the content. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.domain.record_types import RECORD_TYPES
from app.seed.json_pointer import escape_step, split_pointer
from app.seed.schema import ContentChange, ReleaseFile

# Folder (or file) of an entity in a change -> record type.
RECORD_TYPE_BY_FOLDER = {row.folder: name for name, row in RECORD_TYPES.items()} | {
    "reviews": "review",
    "codes": "code_system",
    **{name: name for name in ("withdrawn", "about", "editorial")},
}


def canonicalize(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """JSON value whose lists of entries with ids are objects keyed by id, because the order of such entries has no meaning."""
    if isinstance(value, dict):
        return {key: canonicalize(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in value):
            return {item["id"]: canonicalize(item) for item in value}
        return [canonicalize(item) for item in value]
    return value


def compute_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[ContentChange]:
    """Changes from one state to another. Both map entities to canonicalized values."""
    changes: list[ContentChange] = []
    for entity in sorted(old.keys() | new.keys()):
        if entity not in old:
            changes.append(ContentChange(entity=entity, change="added", new=new[entity]))
        elif entity not in new:
            changes.append(ContentChange(entity=entity, change="removed", old=old[entity]))
        else:
            changes += _field_changes(entity, "", old[entity], new[entity])
    return changes


def _field_changes(entity: str, path: str, old: Any, new: Any) -> Iterator[ContentChange]:  # noqa: ANN401
    # Not `==`, which treats 1, 1.0 and true as equal: the content hash distinguishes them.
    if orjson.dumps(old, option=orjson.OPT_SORT_KEYS) == orjson.dumps(new, option=orjson.OPT_SORT_KEYS):
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield ContentChange(entity=entity, change="changed", field=path, old=old, new=new)
        return
    for key in sorted(old.keys() | new.keys()):
        step = f"{path}/{escape_step(key)}"
        if key not in old:
            yield ContentChange(entity=entity, change="added", field=step, new=new[key])
        elif key not in new:
            yield ContentChange(entity=entity, change="removed", field=step, old=old[key])
        else:
            yield from _field_changes(entity, step, old[key], new[key])


def replay(changes: Iterable[ContentChange], state: dict[str, Any]) -> dict[str, Any]:
    """Apply changes to a state in place, and return it. Raises KeyError, TypeError or IndexError if a change does not fit."""
    for change in changes:
        if not change.field:
            if change.change == "removed":
                state.pop(change.entity, None)
            else:
                state[change.entity] = change.new
            continue
        *parents, key = split_pointer(change.field)
        node = state[change.entity]
        for step in parents:
            node = node[step]
        if change.change == "removed":
            del node[key]
        else:
            node[key] = change.new
    return state


def hash_content(entities: Mapping[str, Any]) -> str:
    """Hash of the content, independent of file layout, key order and the order of entries with ids."""
    digest = hashlib.sha256()
    for key in sorted(entities):
        digest.update(
            key.encode() + b"\0" + orjson.dumps(canonicalize(entities[key]), option=orjson.OPT_SORT_KEYS) + b"\n"
        )
    return digest.hexdigest()


class HistoryConflict(Exception):
    """A release does not fit the release before it."""

    def __init__(self, version: str, reason: str) -> None:
        super().__init__(reason)
        self.version = version


@dataclass
class History:
    """Replayed releases.

    `state`: content after the last release; `last_changed_in`: version that last changed each entity; `removed`: last value of
    each removed entity.
    """

    state: dict[str, Any]
    last_changed_in: dict[str, str]
    versions: list[str]
    removed: dict[str, Any] = field(default_factory=dict)


def replay_history(releases: Iterable[ReleaseFile]) -> History:
    """Replay all releases in order. Raises HistoryConflict for the first release that does not fit the one before."""
    history = History({}, {}, [])
    for release in releases:
        before = dict(history.state)
        # Copy the values: replaying modifies dictionaries in place, and the changes must stay as read.
        try:
            replay((change.model_copy(deep=True) for change in release.changes), history.state)
        except (KeyError, TypeError, IndexError) as error:
            raise HistoryConflict(release.version, f"a change does not fit the previous release: {error!r}") from error
        if hash_content(history.state) != release.content_hash:
            raise HistoryConflict(release.version, "its changes do not produce the content of its content_hash")
        history.last_changed_in.update({change.entity: release.version for change in release.changes})
        history.removed.update({entity: before[entity] for entity in before.keys() - history.state.keys()})
        history.versions.append(release.version)
    return history
