"""HTML snippets to copy into a website: custom element, script tag and iframe."""

from dataclasses import dataclass
from html import escape
from typing import Final

from app.web.embed.builds import Build


@dataclass(frozen=True)
class CustomElement:
    """Custom element: its label in the configurator, and what it shows."""

    label: str
    # Attribute that names its records; empty: it shows none.
    attribute: str
    # Paths of the full page and of the frame page; `{}` is the slug.
    page: str
    frame: str
    # The records are in the query of the paths.
    has_query: bool = False


ELEMENTS: Final = {
    "kb-procedure": CustomElement("One procedure", "slug", "/procedures/{}", "/embed/procedures/{}"),
    "kb-options": CustomElement(
        "The options of one condition", "condition", "/conditions/{}", "/embed/conditions/{}/options"
    ),
    "kb-relief-chart": CustomElement(
        "How long relief lasts, as a chart", "procedures", "/relief", "/embed/relief-chart", has_query=True
    ),
    "kb-search": CustomElement("A search", "", "/search", "/embed/search"),
}


@dataclass(frozen=True)
class EmbedConfig:
    """Embed to render. `record` is a slug, or several separated by spaces for a chart; `name` is the link text."""

    element: str
    record: str
    name: str
    theme: str = "inherit"
    level: int = 2
    # Variant and chosen sections of a procedure or of options; empty: the summary.
    variant: str = ""
    sections: str = ""

    @property
    def page(self) -> str:
        """Path of the full page, linked for readers without JavaScript."""
        return self._build_path(ELEMENTS[self.element].page)

    @property
    def frame(self) -> str:
        """Path of the frame page."""
        return self._build_path(
            ELEMENTS[self.element].frame,
            *([f"variant={self.variant}"] if self.variant else []),
            *([f"sections={self.sections}"] if self.sections else []),
            *([f"theme={self.theme}"] if self.theme in {"light", "dark"} else []),
        )

    def _build_path(self, template: str, *parameters: str) -> str:
        records = [f"procedure={slug}" for slug in self.record.split()] if ELEMENTS[self.element].has_query else []
        query = "&".join([*records, *parameters])
        return template.format(self.record) + (f"?{query}" if query else "")

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """Attributes of the element that differ from its defaults."""
        attribute = ELEMENTS[self.element].attribute
        attributes = [(attribute, self.record)] if attribute and self.record else []
        attributes += [("variant", self.variant)] if self.variant else []
        attributes += [("sections", self.sections)] if self.sections else []
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
    """Render the iframe of an element. It needs no script, but the script adjusts its height. Its title is the link text."""
    return render_frame_tag(base + config.frame, config.name, has_form=config.element == "kb-search")


def render_frame_tag(
    url: str,
    title: str,
    *,
    width: str = "100%",
    height: int = 700,
    has_form: bool = False,
    is_bordered: bool = True,
) -> str:
    """Render an iframe. WordPress keeps the obsolete attribute for a frame without border, and no style."""
    sandbox = f"allow-scripts allow-popups allow-popups-to-escape-sandbox{' allow-forms' if has_form else ''}"
    border = "" if is_bordered else ' frameborder="0"'
    return (
        f'<iframe src="{escape(url)}" title="{escape(title)}" width="{width}" '
        f'height="{height}"{border} loading="lazy" sandbox="{sandbox}"></iframe>'
    )


def list_csp_directives(origin: str) -> list[tuple[str, str]]:
    """List the Content-Security-Policy directives that a website needs, each with its purpose."""
    return [
        (f"script-src {origin}", "the script"),
        (f"connect-src {origin}", "what the elements show"),
        (f"frame-src {origin}", "frames and oEmbed, where you use them"),
    ]
