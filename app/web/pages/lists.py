"""List pages: one card per record, in groups; sources by kind."""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import RequestContext
from app.web.rendering import load_rows, page, render_template

_REGION_LABELS: Final = {**vocabulary.BODY_REGIONS, "none": "Part of the body not stated"}


def _render_list(
    ctx: RequestContext,
    path: str,
    title: str,
    lede: str,
    tags: Callable[[Json], list[str]] = lambda _: [],
    *,
    group: Callable[[Json], str] = lambda _: "",
    group_labels: Mapping[str, str] | None = None,
) -> Response:
    """Render a page with one card per item of the API list at `path`.

    `tags` gives the tags of a record, and `group` the key of its group; `group_labels` are in page order.
    """
    cards = [
        {
            "name": record["name"],
            "summary": record["summary"],
            "path": f"/{path}/{record['slug']}",
            "tags": tags(record),
            "group": group(record),
        }
        for record in load_rows(ctx, path)
    ]
    groups = _group(cards, "group", group_labels or {"": ""})
    return render_template(ctx, "list.html", title=title, description=lede, lede=lede, groups=groups)


def _group(rows: list[Json], key: str, labels: Mapping[str, str]) -> list[tuple[str, str, list[Json]]]:
    """Group rows by the value of a key: key, label and rows of each group that has any, in the order of the labels."""
    groups = [(name, label, [row for row in rows if row[key] == name]) for name, label in labels.items()]
    return [entry for entry in groups if entry[2]]


@page("/procedures")
def show_procedures(ctx: RequestContext) -> Response:
    """List of procedures by family."""

    def tags(record: Json) -> list[str]:
        reliefs = [f"Typical relief: {relief['label']}" for relief in record["typical_relief"]["items"]]
        return [*(vocabulary.BODY_REGIONS[region] for region in record["body_regions"]), *reliefs]

    return _render_list(
        ctx,
        "procedures",
        "Procedures",
        "What a specialist may do, from tests to implants.",
        tags,
        group=lambda record: record["family"],
        group_labels=vocabulary.PROCEDURE_FAMILIES,
    )


@page("/conditions")
def show_conditions(ctx: RequestContext) -> Response:
    """List of conditions by the first body region of each."""

    def tags(record: Json) -> list[str]:
        return _list_further_regions(record) + (["Named by sources, not described"] if record["stub"] else [])

    lede = "What you may have been told you have, by the part of the body."
    return _render_list(
        ctx, "conditions", "Conditions", lede, tags, group=_get_first_region, group_labels=_REGION_LABELS
    )


@page("/pain-generators")
def show_pain_generators(ctx: RequestContext) -> Response:
    """List of pain generators by the first body region of each."""

    def tags(record: Json) -> list[str]:
        return [vocabulary.GENERATOR_KINDS[record["kind"]], *_list_further_regions(record)]

    lede = "Parts of the body that pain can come from."
    return _render_list(
        ctx, "pain-generators", "Pain generators", lede, tags, group=_get_first_region, group_labels=_REGION_LABELS
    )


@page("/risks")
def show_risks(ctx: RequestContext) -> Response:
    """List of harms by category."""
    lede = "What can go wrong. Each page says for which procedures it was seen, looked for, or not reported."
    return _render_list(
        ctx, "risks", "Harms", lede, group=lambda record: record["category"], group_labels=vocabulary.RISK_CATEGORIES
    )


@page("/emergencies")
def show_emergencies(ctx: RequestContext) -> Response:
    """List of emergencies by how soon to get help."""
    return _render_list(
        ctx,
        "emergencies",
        "Emergencies",
        "Signs that need help, by how soon. In doubt, call your local emergency number.",
        group=lambda emergency: emergency["tier"],
        group_labels=vocabulary.CALL_TIERS,
    )


@page("/guide")
def show_guide(ctx: RequestContext) -> Response:
    """List of the patient guide pages."""
    return _render_list(ctx, "guide", "Patient guide", "From the first visit to the follow-up.")


@page("/sources")
def show_sources(ctx: RequestContext) -> Response:
    """List of sources by kind."""
    rows = load_rows(ctx, "sources", 5000)
    groups = _group(rows, "design", vocabulary.DESIGNS)
    return render_template(ctx, "sources.html", title="Sources", groups=groups, total=len(rows))


def _get_first_region(record: Json) -> str:
    return next(iter(record["body_regions"]), "none")


def _list_further_regions(record: Json) -> list[str]:
    return [vocabulary.BODY_REGIONS[region] for region in record["body_regions"][1:]]
