"""What changed between two states of the content, field by field. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.seed.schema import Change, ReleaseFile

# How an entity of the seed is called in a list of changes -> type of the record, for links.
TYPE_OF_FAMILY = {
    "procedures": "procedure",
    "conditions": "condition",
    "pain_generators": "pain_generator",
    "risks": "risk",
    "sources": "source",
    "guide": "guide_page",
    "withdrawn": "withdrawn",
    "about": "about",
    "editorial": "editorial",
}


def canonical(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value with lists of entries that have an id turned into objects by id: their order says nothing."""
    if isinstance(value, dict):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in value):
            return {item["id"]: canonical(item) for item in value}
        return [canonical(item) for item in value]
    return value


def changes_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Changes that lead from one state to another. Both are `canonical` values by entity."""
    found: list[Change] = []
    for entity in sorted(old.keys() | new.keys()):
        if entity not in old:
            found.append(Change(entity=entity, change="added", new=new[entity]))
        elif entity not in new:
            found.append(Change(entity=entity, change="removed", old=old[entity]))
        else:
            found += _fields(entity, "", old[entity], new[entity])
    return found


def _fields(entity: str, path: str, old: Any, new: Any) -> Iterator[Change]:  # noqa: ANN401
    # Not `==`, to which 1, 1.0 and true are one and the same: the hash of the content tells them apart.
    if orjson.dumps(old, option=orjson.OPT_SORT_KEYS) == orjson.dumps(new, option=orjson.OPT_SORT_KEYS):
        return
    if not (isinstance(old, dict) and isinstance(new, dict)):
        yield Change(entity=entity, change="changed", field=path, old=old, new=new)
        return
    for key in sorted(old.keys() | new.keys()):
        step = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in old:
            yield Change(entity=entity, change="added", field=step, new=new[key])
        elif key not in new:
            yield Change(entity=entity, change="removed", field=step, old=old[key])
        else:
            yield from _fields(entity, step, old[key], new[key])


def replay(changes: Iterable[Change], state: dict[str, Any]) -> dict[str, Any]:
    """Apply changes to a state of canonical values, in place, and return it."""
    for change in changes:
        if not change.field:
            if change.change == "removed":
                state.pop(change.entity, None)
            else:
                state[change.entity] = change.new
            continue
        steps = [step.replace("~1", "/").replace("~0", "~") for step in change.field.split("/")[1:]]
        here = state[change.entity]
        for step in steps[:-1]:
            here = here[step]
        if change.change == "removed":
            del here[steps[-1]]
        else:
            here[steps[-1]] = change.new
    return state


def hash_of(plain: Mapping[str, Any]) -> str:
    """Hash of content, independent of file layout, key order and the order of entries that have ids."""
    digest = hashlib.sha256()
    for key in sorted(plain):
        digest.update(key.encode() + b"\0" + orjson.dumps(canonical(plain[key]), option=orjson.OPT_SORT_KEYS) + b"\n")
    return digest.hexdigest()


class DoesNotFit(Exception):
    """A release of the history that cannot follow the one before."""

    def __init__(self, version: str, why: str) -> None:
        super().__init__(why)
        self.version = version


@dataclass
class History:
    """The releases so far: the state the last one left, when each entity last changed, and those that are gone as they were."""

    state: dict[str, Any]
    updated_in: dict[str, str]
    versions: list[str]
    removed: dict[str, Any] = field(default_factory=dict)


def history_of(releases: Iterable[ReleaseFile]) -> History:
    """Replay every release from the first to the last. DoesNotFit names the first that does not fit what was before."""
    history = History({}, {}, [])
    for release in releases:
        before = dict(history.state)
        # Values are copied by way of the files: replaying changes dictionaries in place.
        try:
            replay((change.model_copy(deep=True) for change in release.changes), history.state)
        except (KeyError, TypeError, IndexError) as error:
            raise DoesNotFit(release.version, f"a change does not fit the release before: {error!r}") from error
        if hash_of(history.state) != release.content_hash:
            raise DoesNotFit(release.version, "its changes do not lead to the content that its content_hash names")
        history.updated_in.update({change.entity: release.version for change in release.changes})
        history.removed.update({entity: before[entity] for entity in before.keys() - history.state.keys()})
        history.versions.append(release.version)
    return history
