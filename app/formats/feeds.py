"""The history of the content as feeds: Atom (RFC 4287) and JSON Feed 1.1. No clock enters: times are those of releases."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

import orjson

ATOM: Final = "application/atom+xml"
JSON_FEED: Final = "application/feed+json"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"
_VERBS: Final = {"added": "Added", "changed": "Changed", "removed": "Removed"}


@dataclass(frozen=True)
class FeedEntry:
    """One thing that happened: `key` is its permanent name, `date` that of its release."""

    key: str
    title: str
    text: str
    date: str
    link: str | None


@dataclass(frozen=True)
class Feed:
    """Entries with what is said of all of them."""

    key: str
    title: str
    date: str
    feed_url: str
    html_url: str
    author: str
    entries: Sequence[FeedEntry]


def build_change_entries(version: str, date: str, changes: Iterable[dict[str, Any]]) -> list[FeedEntry]:
    """One entry for each record that a release touches, with its changes field by field."""
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        by_entity.setdefault(change["entity"], []).append(change)
    return [
        FeedEntry(
            key=f"release/{version}/{entity}",
            title=f"{_summarize_change(found)}: {found[0]['name'] or entity}",
            text="\n".join(map(_describe_change, found)),
            date=date,
            link=found[0]["links"]["record"],
        )
        for entity, found in by_entity.items()
    ]


def _summarize_change(changes: Sequence[dict[str, Any]]) -> str:
    whole = next((one["change"] for one in changes if not one["field"]), "changed")
    return _VERBS[whole]


def _describe_change(change: dict[str, Any]) -> str:
    if not change["field"]:
        return f"{_VERBS[change['change']]} as a whole."
    parts = [f"{change['field']}: {change['change']}"]
    if change["old"] is not None:
        parts.append(f"was {change['old']}")
    if change["new"] is not None:
        parts.append(f"is {change['new']}")
    return "; ".join(parts)


def _build_urn(key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"procedure-kb:{key}").urn


def _to_timestamp(date: str) -> str:
    return f"{date}T00:00:00Z"


def render_atom(feed: Feed) -> bytes:
    """The feed as an Atom document."""
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": "en"})
    _add_texts(root, id=_build_urn(feed.key), title=feed.title, updated=_to_timestamp(feed.date))
    ET.SubElement(root, "link", {"rel": "self", "type": ATOM, "href": feed.feed_url})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.html_url})
    _add_texts(ET.SubElement(root, "author"), name=feed.author)
    for one in feed.entries:
        entry = ET.SubElement(root, "entry")
        _add_texts(entry, id=_build_urn(one.key), title=one.title, updated=_to_timestamp(one.date))
        if one.link:
            ET.SubElement(entry, "link", {"rel": "alternate", "href": one.link})
        content = ET.SubElement(entry, "content", {"type": "text"})
        content.text = one.text
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + body + b"\n"


def _add_texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text


def render_json_feed(feed: Feed) -> bytes:
    """The feed as a JSON Feed document."""
    items = []
    for one in feed.entries:
        item = {"id": _build_urn(one.key), "title": one.title, "content_text": one.text}
        item |= {"date_published": _to_timestamp(one.date), "date_modified": _to_timestamp(one.date)}
        items.append(item | ({"url": one.link} if one.link else {}))
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
