"""Release documents: summaries of releases, and their changes field by field."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from app.domain.documents import CURRENT_RELEASE, EMERGENCY_NOTICES, DocumentType
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.read_model.claims_json import build_content_review, build_license, build_notice, link_placeholder
from app.read_model.emergencies import build_notices_document
from app.read_model.graph import ContentGraph
from app.seed.diff import RECORD_TYPE_BY_FOLDER
from app.seed.schema import ContentChange, ReleaseFile

DocumentRow = tuple[str, str, str, Json, Any]


def iter_release_documents(
    graph: ContentGraph, releases: list[ReleaseFile], unreleased_changes: list[ContentChange], current: dict[str, Any]
) -> Iterator[DocumentRow]:
    """Yield the documents of releases, the current release, the notices of emergencies, and the history as the seed has it."""
    for release in releases:
        summary = _build_release_summary(release, is_current=release.version == current["version"])
        yield DocumentType.RELEASE, release.version, release.title, summary, summary
    yield *EMERGENCY_NOTICES, "Notices of emergencies", {}, build_notices_document(graph)
    if unreleased_changes:
        summary = _build_development_summary(current, unreleased_changes)
        yield DocumentType.RELEASE, current["version"], current["version"], summary, summary
    latest = next((release for release in releases if release.version == current["version"]), None)
    yield (
        *CURRENT_RELEASE,
        current["version"],
        {},
        {
            **{key: value for key, value in current.items() if key != "content_hash"},
            "title": latest.title if latest else DEVELOPMENT_TITLE,
            "based_on": releases[-1].version if releases else None,
            "license": build_license(graph),
            "review": build_content_review(graph),
            "notice": build_notice(graph),
            "links": {
                "self": link_placeholder("/v1/releases/current"),
                "releases": link_placeholder("/v1/releases"),
                "notice": link_placeholder("/notice"),
            },
        },
    )
    yield from _iter_history_documents(releases, unreleased_changes)


def _iter_history_documents(
    releases: list[ReleaseFile], unreleased_changes: list[ContentChange]
) -> Iterator[DocumentRow]:
    """Yield the history that an export needs: the head of each release and each change, numbered in their order.

    One document each, so that no row grows with the history. Changes since the last release come last, without a head.
    """
    for n, release in enumerate(releases):
        head = release.model_dump(include={"version", "date", "title", "content_hash"})
        yield DocumentType.RELEASE_HEAD, f"{n:05}", release.version, {}, head
        for m, change in enumerate(release.changes):
            yield DocumentType.RELEASE_CHANGE, f"{n:05}/{m:07}", release.version, {}, change.model_dump()
    for m, change in enumerate(unreleased_changes):
        yield DocumentType.RELEASE_CHANGE, f"pending/{m:07}", "", {}, change.model_dump()


DEVELOPMENT_TITLE = "Development version: content edited since the last release"


def _build_release_summary(release: ReleaseFile, *, is_current: bool) -> Json:
    head = {"date": release.date, "title": release.title, "content_hash": release.content_hash, "current": is_current}
    return _add_change_counts(release.version, release.changes, head)


def _build_development_summary(current: dict[str, Any], unreleased_changes: list[ContentChange]) -> Json:
    head = {key: current[key] for key in ("date", "content_hash")} | {"title": DEVELOPMENT_TITLE, "current": True}
    return _add_change_counts(current["version"], unreleased_changes, head)


def _add_change_counts(version: str, changes: list[ContentChange], head: Json) -> Json:
    counts = {action: sum(change.change == action for change in changes) for action in ("added", "changed", "removed")}
    path = f"/v1/releases/{quote(version)}"
    return {
        "version": version,
        **head,
        "changes": {**counts, "total": len(changes)},
        "links": {"self": link_placeholder(path), "changes": link_placeholder(f"{path}/changes")},
    }


def build_change(graph: ContentGraph, change: ContentChange) -> Json:
    """Build the JSON of a change: entity, field, old and new value (as JSON text), and the record if there is one."""
    folder, _, slug = change.entity.partition("/")
    record_type = RECORD_TYPE_BY_FOLDER.get(folder, folder)
    name, path = graph.names.get((record_type, slug)), PATH_BY_RECORD_TYPE.get(record_type)
    removed = graph.removed_records.get((record_type, slug))
    return {
        "entity": change.entity,
        "type": record_type,
        "slug": slug or None,
        "name": removed.name if removed else name,
        "change": change.change,
        "field": change.field,
        "old": _to_text(change.old) if change.change != "added" and change.field else None,
        "new": _to_text(change.new) if change.change != "removed" and change.field else None,
        "links": {"record": link_placeholder(f"/v1/{path}/{slug}") if name and path else None},
    }


def _to_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
