"""Pages as a reader meets them: their addresses, and their text and structure by the parser of the standard library."""

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

KINDS = ("procedures", "conditions", "pain-generators", "risks", "sources", "guide")
SINGLE = (
    "/ /procedures /conditions /pain-generators /risks /matrix /matrix?by=pain_generator&role=treats /relief /compare "
    "/search?q=back+pain /guide /sources /releases /notice /docs /problems/not_found"
).split()
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def full() -> bool:
    return bool(os.environ.get("KB_FULL"))


def addresses(client: Any, *, some: int = 2) -> list[str]:
    """Every page when the run is full; else the single pages and a few of each kind, the largest among them."""
    found = [path for path in SINGLE if not path.startswith("/problems")]
    for kind in KINDS:
        slugs = slugs_of(client, kind)
        chosen = slugs if full() else slugs[:: max(1, len(slugs) // some)][:some]
        # The longest address is what first leaves a narrow page.
        chosen = list(dict.fromkeys([*chosen, max(slugs, key=len)])) if slugs else []
        found += [f"/{kind}/{slug}" for slug in chosen]
        if kind == "procedures":
            rich = "lumbar-medial-branch-radiofrequency-ablation"
            chosen = [*chosen, rich] if rich in slugs and rich not in chosen else chosen
            found += [f"/{kind}/{slug}/leaflet" for slug in chosen]
            found += [f"/procedures/{rich}"] if f"/procedures/{rich}" not in found and rich in slugs else []
    two = slugs_of(client, "procedures")[:2]
    if len(two) == 2:
        found.append(f"/compare?procedure={two[0]}&procedure={two[1]}")
    return found


def slugs_of(client: Any, kind: str) -> list[str]:
    slugs, cursor = [], ""
    while True:
        page = client.get(f"/v1/{kind}", params={"limit": 100, **({"cursor": cursor} if cursor else {})}).json()
        slugs += [one["slug"] for one in page["items"]]
        cursor = page["page"]["next"]
        if not cursor or (kind == "sources" and not full()):
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

    def by_id(self, wanted: str) -> "Element | None":
        return next((one for one in self.all() if one.attributes.get("id") == wanted), None)

    def by_class(self, wanted: str) -> list["Element"]:
        return [one for one in self.all() if wanted in one.attributes.get("class", "").split()]

    @property
    def text(self) -> str:
        parts = [child if isinstance(child, str) else child.text for child in self.children]
        return re.sub(r"\s+", " ", " ".join(parts)).strip()


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {}, None)
        self.at = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.at.children.append(Element(tag, {name: value or "" for name, value in attrs}, self.at))

    def handle_endtag(self, tag: str) -> None:
        assert self.at.name == tag, f"<{self.at.name}> is closed by </{tag}>"
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)


def parse(html: str) -> Element:
    """The tree of a page; a tag that is closed by another one is a failure."""
    tree = _Tree()
    tree.feed(html)
    tree.close()
    assert tree.at is tree.root, f"<{tree.at.name}> is never closed"
    return tree.root
