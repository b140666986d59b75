"""The lines that a clinic's web person copies: for an element, for a frame, for an editor that knows oEmbed."""

from dataclasses import dataclass
from html import escape
from typing import Final

from app.web.embed.builds import Build

# Name of an element -> what it shows.
ELEMENTS: Final = {
    "kb-procedure": "One procedure",
    "kb-options": "The options of one condition",
    "kb-relief-chart": "How long relief lasts, as a chart",
    "kb-search": "A search",
}


@dataclass(frozen=True)
class Choice:
    """What is to be embedded. `record` is a slug, or several for a chart; `name` is what a link to it says."""

    element: str
    record: str
    name: str
    theme: str = "inherit"
    level: int = 2

    @property
    def page(self) -> str:
        """The whole page, as a path: the link for readers without script."""
        pages = {"kb-procedure": f"/procedures/{self.record}", "kb-options": f"/conditions/{self.record}"}
        return pages.get(self.element, "/relief" if self.element == "kb-relief-chart" else "/search")

    @property
    def frame(self) -> str:
        """The page for a frame, as a path."""
        query = [f"procedure={slug}" for slug in self.record.split()] if self.element == "kb-relief-chart" else []
        query += [f"theme={self.theme}"] if self.theme in {"light", "dark"} else []
        paths = {
            "kb-procedure": f"/embed/procedures/{self.record}",
            "kb-options": f"/embed/conditions/{self.record}/options",
            "kb-relief-chart": "/embed/relief-chart",
        }
        return paths.get(self.element, "/embed/search") + (f"?{'&'.join(query)}" if query else "")

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """Attributes of the element: only what differs from what it does by itself."""
        name = {"kb-procedure": "slug", "kb-options": "condition", "kb-relief-chart": "procedures"}.get(self.element)
        found = [(name, self.record)] if name and self.record else []
        found += [("theme", self.theme)] if self.theme != "inherit" else []
        return found + ([("heading-level", str(self.level))] if self.level != 2 else [])


def script_line(base: str, build: Build) -> str:
    """The script, pinned: these bytes and no others."""
    return f'<script async src="{escape(base)}{build.path}" integrity="{build.integrity}" crossorigin="anonymous"></script>'


def element_line(choice: Choice, base: str) -> str:
    """The element with its link for readers without script."""
    given = "".join(f' {name}="{escape(value)}"' for name, value in choice.attributes)
    return (
        f'<{choice.element}{given}><a href="{escape(base + choice.page)}">{escape(choice.name)}</a></{choice.element}>'
    )


def frame_line(choice: Choice, base: str) -> str:
    """The frame. It needs no script; with the script on the page it is as high as what it shows."""
    forms = " allow-forms" if choice.element == "kb-search" else ""
    sandbox = f"allow-scripts allow-popups allow-popups-to-escape-sandbox{forms}"
    return (
        f'<iframe src="{escape(base + choice.frame)}" title="{escape(choice.name)}" width="100%" height="700" '
        f'loading="lazy" sandbox="{sandbox}"></iframe>'
    )


def policy_lines(origin: str) -> list[tuple[str, str]]:
    """What a host's Content-Security-Policy must allow, each with its reason."""
    return [
        (f"script-src {origin}", "the script"),
        (f"connect-src {origin}", "what the elements show"),
        (f"frame-src {origin}", "frames and oEmbed, where you use them"),
    ]
