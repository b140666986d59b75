"""Knowledge response of HL7's Context-Aware Knowledge Retrieval (Infobutton): Atom, and the JSON that clients of it read.

In the JSON, an element with text is an object whose `_value` is the text; `entry`, `link` and `category` are arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from xml.etree import ElementTree as ET

import orjson

from app.domain.json import Json

XML_MEDIA_TYPES: Final = ("text/xml", "application/atom+xml", "application/xml")
JSON_MEDIA_TYPE: Final = "application/json"
# Scheme of the category of an entry: whether it is a condition, a procedure or a pain generator.
_TYPE_SCHEME: Final = "urn:procedure-kb:record-type"
_NAMESPACE: Final = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class KnowledgeEntry:
    """Record that answers the request."""

    record_id: str
    title: str
    record_type: str
    url: str
    # Plain text, a paragraph each.
    paragraphs: tuple[str, ...]
    updated: str


@dataclass(frozen=True)
class KnowledgeFeed:
    """Response to a request, with what was asked for as categories (scheme and term)."""

    feed_id: str
    title: str
    subtitle: str
    author: str
    author_url: str
    base_url: str
    updated: str
    categories: Sequence[tuple[str, str]]
    entries: Sequence[KnowledgeEntry]


def render_infobutton_json(feed: KnowledgeFeed) -> bytes:
    """Render the feed as JSON."""
    return orjson.dumps(
        {
            "feed": {
                "base": feed.base_url,
                "lang": "en",
                "title": _build_text(feed.title),
                "subtitle": _build_text(feed.subtitle),
                "author": {"name": {"_value": feed.author}, "uri": {"_value": feed.author_url}},
                "updated": {"_value": feed.updated},
                "category": [{"scheme": scheme, "term": term} for scheme, term in feed.categories],
                "id": {"_value": feed.feed_id},
                "entry": [_build_entry(entry) for entry in feed.entries],
            }
        }
    )


def _build_text(text: str) -> Json:
    return {"_value": text, "type": "text"}


def _build_entry(entry: KnowledgeEntry) -> Json:
    return {
        "lang": "en",
        "title": _build_text(entry.title),
        "link": [{"title": entry.title, "rel": "alternate", "type": "html", "href": entry.url}],
        "category": [{"scheme": _TYPE_SCHEME, "term": entry.record_type}],
        "id": {"_value": entry.record_id},
        "updated": {"_value": entry.updated},
        "summary": {"_value": _render_html(entry), "type": "html"},
    }


def _render_html(entry: KnowledgeEntry) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in entry.paragraphs)


def render_infobutton_atom(feed: KnowledgeFeed) -> bytes:
    """Render the feed as Atom."""
    ET.register_namespace("", _NAMESPACE)
    root = ET.Element(f"{{{_NAMESPACE}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": "en"})
    _add(root, "title", feed.title, type="text")
    _add(root, "subtitle", feed.subtitle, type="text")
    author = _add(root, "author")
    _add(author, "name", feed.author)
    _add(author, "uri", feed.author_url)
    _add(root, "updated", feed.updated)
    for scheme, term in feed.categories:
        _add(root, "category", scheme=scheme, term=term)
    _add(root, "id", feed.feed_id)
    for entry in feed.entries:
        element = _add(root, "entry")
        _add(element, "title", entry.title, type="text")
        _add(element, "link", title=entry.title, rel="alternate", type="text/html", href=entry.url)
        _add(element, "category", scheme=_TYPE_SCHEME, term=entry.record_type)
        _add(element, "id", entry.record_id)
        _add(element, "updated", entry.updated)
        _add(element, "summary", _render_html(entry), type="html")
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_NAMESPACE}}}{name}", attributes)
    element.text = text
    return element
