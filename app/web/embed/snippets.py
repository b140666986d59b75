"""HTML snippets to copy into a website: custom element, script tag and iframe."""

from dataclasses import dataclass
from html import escape
from typing import Final

from app.web.embed.builds import Build

# Element name -> label in the configurator.
ELEMENTS: Final = {
    "kb-procedure": "One procedure",
    "kb-options": "The options of one condition",
    "kb-relief-chart": "How long relief lasts, as a chart",
    "kb-search": "A search",
}


@dataclass(frozen=True)
class EmbedConfig:
    """Embed to render. `record` is a slug, or several separated by spaces for a chart; `name` is the link text."""

    element: str
    record: str
    name: str
    theme: str = "inherit"
    level: int = 2

    @property
    def page(self) -> str:
        """Path of the full page, linked for readers without JavaScript."""
        query = "&".join(f"procedure={slug}" for slug in self.record.split())
        pages = {
            "kb-procedure": f"/procedures/{self.record}",
            "kb-options": f"/conditions/{self.record}",
            "kb-relief-chart": f"/relief?{query}" if query else "/relief",
        }
        return pages.get(self.element, "/search")

    @property
    def frame(self) -> str:
        """Path of the frame page."""
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
        """Attributes of the element that differ from its defaults."""
        record_attribute = {"kb-procedure": "slug", "kb-options": "condition", "kb-relief-chart": "procedures"}.get(
            self.element
        )
        attributes = [(record_attribute, self.record)] if record_attribute and self.record else []
        attributes += [("theme", self.theme)] if self.theme != "inherit" else []
        return attributes + ([("heading-level", str(self.level))] if self.level != 2 else [])


def render_script_tag(base: str, build: Build) -> str:
    """Render the script tag, pinned to the bytes of the build."""
    return f'<script async src="{escape(base)}{build.path}" integrity="{build.integrity}" crossorigin="anonymous"></script>'


def render_element_tag(config: EmbedConfig, base: str) -> str:
    """Render the custom element, with a link for readers without JavaScript."""
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in config.attributes)
    return f'<{config.element}{attributes}><a href="{escape(base + config.page)}">{escape(config.name)}</a></{config.element}>'


def render_iframe_tag(config: EmbedConfig, base: str) -> str:
    """Render the iframe. It needs no script, but the script adjusts its height."""
    allow_forms = " allow-forms" if config.element == "kb-search" else ""
    sandbox = f"allow-scripts allow-popups allow-popups-to-escape-sandbox{allow_forms}"
    return (
        f'<iframe src="{escape(base + config.frame)}" title="{escape(config.name)}" width="100%" height="700" '
        f'loading="lazy" sandbox="{sandbox}"></iframe>'
    )


def list_csp_directives(origin: str) -> list[tuple[str, str]]:
    """List the Content-Security-Policy directives that a website needs, each with its purpose."""
    return [
        (f"script-src {origin}", "the script"),
        (f"connect-src {origin}", "what the elements show"),
        (f"frame-src {origin}", "frames and oEmbed, where you use them"),
    ]
