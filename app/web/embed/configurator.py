"""Configurator: choose what to embed, copy the HTML, see the result. The form works without JavaScript."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import QueryParams

from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.web.embed import snippets
from app.web.embed.builds import get_newest_build
from app.web.embed.frames import MAX_PROCEDURES
from app.web.embed.snippets import ELEMENTS, EmbedConfig
from app.web.rendering import CSP, asset_path, page, render_template

# The preview on this page may be one of our own frames.
_CSP: Final = CSP.replace("form-action", "frame-src 'self'; form-action")
_THEMES: Final = {
    "inherit": "Same as the page (color-scheme)",
    "auto": "Same as the reader's device",
    "light": "Light",
    "dark": "Dark",
}
_VARIANTS: Final = {
    "": "Summary, at most 900 px high",
    "card": "Card, at most 420 px high",
    "full": "In full, as high as it needs",
}
_EXAMPLE_URL: Final = "https://kb.example.org"
_WAYS: Final = {"element": "An element, part of your page", "frame": "A frame, apart from your page"}


@dataclass(frozen=True)
class FormInput:
    """Input of the form, with defaults in place of unknown values."""

    element: str
    procedures: tuple[str, ...]
    condition: str
    theme: str
    level: int
    way: str
    variant: str
    unknown: tuple[str, ...]


@page("/embed")
def show_configurator(ctx: RequestContext) -> Response:
    """Configurator page."""
    names = {record_type: _sort_names(names_by_slug(ctx, record_type)) for record_type in ("procedure", "condition")}
    form = _parse_form(ctx.request.query_params, names)
    config = _build_config(form, names)
    base = ctx.settings.absolute_base or _EXAMPLE_URL
    is_frame = form.way == "frame"
    tag = snippets.render_iframe_tag(config, base) if is_frame else snippets.render_element_tag(config, base)
    return render_template(
        ctx,
        "embed/configurator.html",
        title="Put this on your website",
        csp=_CSP,
        form=form,
        config=config,
        elements={name: element.label for name, element in ELEMENTS.items()},
        themes=_THEMES,
        variants=_VARIANTS,
        ways=_WAYS,
        names=names,
        script_tag=snippets.render_script_tag(base, get_newest_build()),
        tag=tag,
        csp_directives=snippets.list_csp_directives("{0.scheme}://{0.netloc}".format(urlsplit(base))),
        oembed_url=f"{ctx.settings.absolute_base}{config.page}"
        if ctx.settings.absolute_base and config.element != "kb-search"
        else "",
        example_url="" if ctx.settings.absolute_base else _EXAMPLE_URL,
        build=get_newest_build(),
        configurator_js_path=asset_path("configurator.js"),
    )


def _sort_names(names: dict[str, str]) -> dict[str, str]:
    return dict(sorted(names.items(), key=lambda pair: (pair[1].casefold(), pair[0])))


def _known_or_first(value: str | None, known: Mapping[str, object]) -> str:
    return value if value is not None and value in known else next(iter(known))


def _parse_form(query: QueryParams, names: dict[str, dict[str, str]]) -> FormInput:
    procedures, condition = query.getlist("procedure"), query.get("condition", "")
    known = tuple(slug for slug in procedures if slug in names["procedure"])[:MAX_PROCEDURES]
    unknown = [slug[:80] for slug in procedures if slug not in names["procedure"]]
    unknown += [condition[:80]] if condition and condition not in names["condition"] else []
    return FormInput(
        element=_known_or_first(query.get("element"), ELEMENTS),
        procedures=known or tuple(names["procedure"])[:1],
        condition=condition if condition in names["condition"] else next(iter(names["condition"]), ""),
        theme=_known_or_first(query.get("theme"), _THEMES),
        level=int(_known_or_first(query.get("level"), dict.fromkeys("23456", ""))),
        way=_known_or_first(query.get("way"), _WAYS),
        variant=_known_or_first(query.get("variant"), _VARIANTS),
        unknown=tuple(unknown),
    )


def _build_config(form: FormInput, names: dict[str, dict[str, str]]) -> EmbedConfig:
    record, name = "", "Search pain procedures"
    if form.element == "kb-procedure":
        record = next(iter(form.procedures), "")
        name = names["procedure"].get(record, "")
    elif form.element == "kb-options":
        record, name = form.condition, f"Options: {names['condition'].get(form.condition, '')}"
    elif form.element == "kb-relief-chart":
        record, name = " ".join(form.procedures), "How long relief lasts"
    variant = form.variant if form.element in {"kb-procedure", "kb-options"} else ""
    return EmbedConfig(form.element, record, name, form.theme, form.level, variant)
