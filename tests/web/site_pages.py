"""Pages of the site for tests: their URL paths, and a parser for their structure and text."""

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

FOLDERS = ("procedures", "conditions", "pain-generators", "risks", "sources", "guide")
SINGLE_PAGES = (
    "/ /procedures /conditions /pain-generators /risks /matrix /matrix?by=pain_generator&role=treats /relief /compare "
    "/search?q=back+pain /guide /sources /releases /notice /docs /problems /problems/not_found"
).split()
VOID_ELEMENTS = frozenset("area base br col embed hr img input link meta source track wbr".split())


def is_full_run() -> bool:
    return bool(os.environ.get("KB_FULL"))


def list_page_paths(client: Any, *, per_folder: int = 2) -> list[str]:
    """All page paths in a full run; otherwise the single pages and a sample of each folder."""
    paths = [path for path in SINGLE_PAGES if not path.startswith("/problems")]
    for folder in FOLDERS:
        slugs = list_slugs(client, folder)
        chosen = slugs if is_full_run() else slugs[:: max(1, len(slugs) // per_folder)][:per_folder]
        # The longest slug is the first to overflow a narrow page.
        chosen = list(dict.fromkeys([*chosen, max(slugs, key=len)])) if slugs else []
        paths += [f"/{folder}/{slug}" for slug in chosen]
        if folder in {"procedures", "conditions"}:
            paths += [f"/{folder}/{slug}/evidence" for slug in chosen]
        if folder == "procedures":
            example = "lumbar-medial-branch-radiofrequency-ablation"
            chosen = [*chosen, example] if example in slugs and example not in chosen else chosen
            paths += [f"/{folder}/{slug}/leaflet" for slug in chosen]
            paths += [f"/procedures/{example}"] if f"/procedures/{example}" not in paths and example in slugs else []
    pair = list_slugs(client, "procedures")[:2]
    if len(pair) == 2:
        paths.append(f"/compare?procedure={pair[0]}&procedure={pair[1]}")
    return paths


def list_slugs(client: Any, folder: str) -> list[str]:
    slugs, cursor = [], ""
    while True:
        page = client.get(f"/v1/{folder}", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        slugs += [item["slug"] for item in page["items"]]
        cursor = page["page"]["next"]
        if not cursor or (folder == "sources" and not is_full_run()):
            return slugs


class Element:
    def __init__(self, name: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.name = name
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element | str] = []

    def all(self, *names: str) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                if not names or child.name in names:
                    yield child
                yield from child.all(*names)

    def by_id(self, element_id: str) -> "Element | None":
        return next((element for element in self.all() if element.attributes.get("id") == element_id), None)

    def by_class(self, css_class: str) -> list["Element"]:
        return [element for element in self.all() if css_class in element.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return re.sub(r"\s+", " ", " ".join(parts)).strip()


class _TreeBuilder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.current = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.current)
        self.current.children.append(element)
        if tag not in VOID_ELEMENTS:
            self.current = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.current.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.current))

    def handle_endtag(self, tag: str) -> None:
        assert self.current.name == tag, f"<{self.current.name}> is closed by </{tag}>"
        assert self.current.parent is not None
        self.current = self.current.parent

    def handle_data(self, data: str) -> None:
        self.current.children.append(data)


def parse(html: str) -> Element:
    """Parse a page. A tag that is closed by another tag fails the test."""
    builder = _TreeBuilder()
    builder.feed(html)
    builder.close()
    assert builder.current is builder.root, f"<{builder.current.name}> is never closed"
    return builder.root
