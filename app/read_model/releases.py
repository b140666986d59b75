"""The history of the content, as documents: releases, and their changes field by field."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from app.domain.json import Json
from app.read_model.claims_json import licence_of, link, notice_of, review_of
from app.read_model.graph import PATH_OF_TYPE, Index
from app.seed.diff import TYPE_OF_FAMILY
from app.seed.schema import Change, ReleaseFile

Row = tuple[str, str, str, Json, Any]


def release_documents(
    index: Index, releases: list[ReleaseFile], pending: list[Change], current: dict[str, Any]
) -> Iterator[Row]:
    """One document a release, the current one once more under `current`, and the history as the seed holds it."""
    for release in releases:
        summary = _summary(release, is_current=release.version == current["version"])
        yield "release", release.version, release.title, summary, summary
    flags = [{"phrases": flag.phrases, "claims": flag.claims} for flag in index.editorial.red_flags]
    yield "search", "red-flags", "Red flags", {}, flags
    if pending:
        summary = _development(current, pending)
        yield "release", current["version"], current["version"], summary, summary
    latest = next((release for release in releases if release.version == current["version"]), None)
    yield (
        "current",
        "release",
        current["version"],
        {},
        {
            **{key: value for key, value in current.items() if key != "content_hash"},
            "title": latest.title if latest else DEVELOPMENT,
            "based_on": releases[-1].version if releases else None,
            "licence": licence_of(index),
            "review": review_of(index),
            "notice": notice_of(index),
            "links": {
                "self": link("/v1/releases/current"),
                "releases": link("/v1/releases"),
                "notice": link("/notice"),
            },
        },
    )
    yield from _history(releases, pending)


def _history(releases: list[ReleaseFile], pending: list[Change]) -> Iterator[Row]:
    """What a load elsewhere needs: the head of each release and each change with its values, by slug in their order.

    A document each, so that no row grows with the history. Changes since the last release come last, without a head.
    """
    for n, release in enumerate(releases):
        head = release.model_dump(include={"version", "date", "title", "content_hash"})
        yield "release_head", f"{n:05}", release.version, {}, head
        for m, change in enumerate(release.changes):
            yield "release_change", f"{n:05}/{m:07}", release.version, {}, change.model_dump()
    for m, change in enumerate(pending):
        yield "release_change", f"pending/{m:07}", "", {}, change.model_dump()


DEVELOPMENT = "Development version: content edited since the last release"


def _summary(release: ReleaseFile, *, is_current: bool) -> Json:
    shown = {"date": release.date, "title": release.title, "content_hash": release.content_hash, "current": is_current}
    return _counted(release.version, release.changes, shown)


def _development(current: dict[str, Any], pending: list[Change]) -> Json:
    shown = {key: current[key] for key in ("date", "content_hash")} | {"title": DEVELOPMENT, "current": True}
    return _counted(current["version"], pending, shown)


def _counted(version: str, changes: list[Change], shown: Json) -> Json:
    counts = {change: sum(one.change == change for one in changes) for change in ("added", "changed", "removed")}
    address = f"/v1/releases/{quote(version)}"
    return {
        "version": version,
        **shown,
        "changes": {**counts, "total": len(changes)},
        "links": {"self": link(address), "changes": link(f"{address}/changes")},
    }


def change_shape(index: Index, change: Change) -> Json:
    """One change as it is shown: what changed, where, from what to what (as JSON text), and the record if it is one."""
    family, _, slug = change.entity.partition("/")
    kind = TYPE_OF_FAMILY.get(family, family)
    name, path = index.names.get((kind, slug)), PATH_OF_TYPE.get(kind)
    was = index.gone.get((kind, slug))
    return {
        "entity": change.entity,
        "type": kind,
        "slug": slug or None,
        "name": was.name if was else name,
        "change": change.change,
        "field": change.field,
        "old": _text(change.old) if change.change != "added" and change.field else None,
        "new": _text(change.new) if change.change != "removed" and change.field else None,
        "links": {"record": link(f"/v1/{path}/{slug}") if name and path else None},
    }


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
