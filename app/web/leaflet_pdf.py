"""Leaflet as a PDF: the words of the leaflet page, set by Typst (extra `pdf`) on one sheet, with tags for screen readers.

The page is the only source: what it says is what the sheet says, in the order that paper needs (key messages and when to call first).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import orjson

from app.domain.json import Json

_TEMPLATE: Final = Path(__file__).parent / "templates" / "leaflet.typ"
# Sizes of the text in points, until it fits on two sides.
_SIZES: Final = (12, 11.5, 11, 10.5, 10, 9.5, 9, 8.5, 8, 7.5)
_SIDES: Final = 2
PAPERS: Final[Mapping[str, str]] = {"a4": "a4", "letter": "us-letter"}
_BLOCKS: Final = {"h1": "title", "h2": "heading", "p": "paragraph", "li": "entry"}
# Class of an element -> part of the sheet that it belongs to.
_PARTS: Final = {"key": "key", "call": "call", "foot": "foot"}


@dataclass
class _LeafletReader(HTMLParser):
    """Reads the blocks of a leaflet page: text with its weight, in the parts of the sheet."""

    blocks: list[Json] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    # Classes of the open elements that decide the part, innermost last.
    _open: list[tuple[str, str]] = field(default_factory=list)
    _strong: bool = False
    _in_picture: bool = False

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag == "svg":
            self._in_picture = True
            self.pictures.append("")
        if self._in_picture:
            self.pictures[-1] += self.get_starttag_text() or ""
            return
        if tag in {"main", "section", "ul", "ol", "div", "head"}:
            part = next((_PARTS[name] for name in classes if name in _PARTS), self._part)
            self._open.append((tag, "skipped" if tag == "head" or "actions" in classes else part))
        elif tag in _BLOCKS and self._part != "skipped":
            numbered = tag == "li" and any(name == "ol" for name, _ in self._open[-1:])
            kind = "numbered" if numbered else _BLOCKS[tag]
            self.blocks.append({"kind": kind, "part": self._part, "runs": []})
        self._strong = self._strong or tag == "strong"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._in_picture:
            self.pictures[-1] += self.get_starttag_text() or ""
        else:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._in_picture:
            self.pictures[-1] += f"</{tag}>"
            self._in_picture = tag != "svg"
        elif self._open and self._open[-1][0] == tag:
            self._open.pop()
        elif tag == "strong":
            self._strong = False

    def handle_data(self, data: str) -> None:
        if self._in_picture:
            self.pictures[-1] += data.replace("&", "&amp;").replace("<", "&lt;")
        elif self.blocks and self._open and self._part != "skipped" and (text := " ".join(data.split())):
            spaces = (" " if data[0].isspace() else "", " " if data[-1].isspace() else "")
            self.blocks[-1]["runs"].append({"text": text.join(spaces), "strong": self._strong})

    @property
    def _part(self) -> str:
        return self._open[-1][1] if self._open else "body"


def read_leaflet(html: str) -> Json:
    """Blocks of a leaflet page by part (`body`, `key`, `call`, `foot`), and its pictures as SVG."""
    reader = _LeafletReader()
    reader.feed(html)
    parts: Json = {"body": [], "key": [], "call": [], "foot": [], "pictures": reader.pictures}
    for block in reader.blocks:
        parts[block["part"]].append(block)
    return parts


def render_pdf(html: str, *, paper: str) -> bytes:
    """The leaflet of a page as PDF/UA, on a paper of PAPERS. The same page gives the same bytes."""
    import typst  # noqa: PLC0415 - needs the extra `pdf`

    leaflet = orjson.dumps(read_leaflet(html)).decode()
    for size in _SIZES:
        variables = {"leaflet": leaflet, "paper": PAPERS[paper], "size": f"{size}"}
        sides = orjson.loads(
            typst.query(_TEMPLATE, "<sides>", field="value", one=True, sys_inputs=variables, ignore_system_fonts=True)
        )
        if sides <= _SIDES:
            break
    pdf: bytes = typst.compile(
        _TEMPLATE, format="pdf", sys_inputs=variables, ignore_system_fonts=True, pdf_standards="ua-1", timestamp=0
    )
    return pdf
