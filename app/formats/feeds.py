"""Release feeds: Atom (RFC 4287) and JSON Feed 1.1. All times are release dates."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import orjson

from app.formats.changes import build_changes_path, describe_changes

ATOM_MEDIA_TYPE: Final = "application/atom+xml"
JSON_FEED_MEDIA_TYPE: Final = "application/feed+json"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
# Lines of an entry: a reader of feeds shows them all.
_MAX_LINES: Final = 30
_VERBS: Final = {"added": "Added", "changed": "Changed", "removed": "Removed"}


@dataclass(frozen=True)
class FeedEntry:
    """A feed entry. Its id is derived from `permanent_name`; `date` is the release date."""

    permanent_name: str
    title: str
    text: str
    date: str
    url: str | None


@dataclass(frozen=True)
class Feed:
    """A feed with its entries and metadata."""

    permanent_name: str
    title: str
    date: str
    feed_url: str
    html_url: str
    author: str
    entries: Sequence[FeedEntry]


def build_change_entries(version: str, date: str, changes: Iterable[dict[str, Any]], base: str) -> list[FeedEntry]:
    """One entry per record that a release changes; its text has a line for each field, and where the whole is (under `base`)."""
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        by_entity.setdefault(change["entity"], []).append(change)
    return [
        FeedEntry(
            permanent_name=f"release/{version}/{entity}",
            title=f"{_get_verb(record_changes)}: {record_changes[0]['name'] or entity}",
            text="\n".join(
                (*describe_changes(record_changes, _MAX_LINES), f"In full: {base}{build_changes_path(version, entity)}")
            ),
            date=date,
            url=record_changes[0]["links"]["record"],
        )
        for entity, record_changes in by_entity.items()
    ]


def _get_verb(changes: Sequence[dict[str, Any]]) -> str:
    return _VERBS[next((change["change"] for change in changes if not change["field"]), "changed")]


def _build_urn(permanent_name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"procedure-kb:{permanent_name}").urn


def to_timestamp(date: str) -> str:
    """Midnight of a release date, as Atom writes times: no clock enters a feed."""
    return f"{date}T00:00:00Z"


def render_atom(feed: Feed) -> bytes:
    """The feed as an Atom document."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    _add_texts(root, id=_build_urn(feed.permanent_name), title=feed.title, updated=to_timestamp(feed.date))
    ET.SubElement(root, "link", {"rel": "self", "type": ATOM_MEDIA_TYPE, "href": feed.feed_url})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.html_url})
    _add_texts(ET.SubElement(root, "author"), name=feed.author)
    for entry in feed.entries:
        element = ET.SubElement(root, "entry")
        _add_texts(element, id=_build_urn(entry.permanent_name), title=entry.title, updated=to_timestamp(entry.date))
        if entry.url:
            ET.SubElement(element, "link", {"rel": "alternate", "href": entry.url})
        ET.SubElement(element, "content", {"type": "text"}).text = entry.text
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


def _add_texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def render_json_feed(feed: Feed) -> bytes:
    """The feed as a JSON Feed document."""
    items = []
    for entry in feed.entries:
        item = {"id": _build_urn(entry.permanent_name), "title": entry.title, "content_text": entry.text}
        item |= {"date_published": to_timestamp(entry.date), "date_modified": to_timestamp(entry.date)}
        items.append(item | ({"url": entry.url} if entry.url else {}))
    return orjson.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": feed.title,
            "home_page_url": feed.html_url,
            "feed_url": feed.feed_url,
            "language": "en",
            "authors": [{"name": feed.author}],
            "items": items,
        }
    )
