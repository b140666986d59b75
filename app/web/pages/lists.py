"""List pages: one card per record, in groups."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import RequestContext
from app.web.rendering import load_rows, render_page, render_template

router = APIRouter(include_in_schema=False)


def render_list_page(
    request: Request,
    path: str,
    title: str,
    lede: str,
    tags: Callable[[Json], list[str]],
    *,
    groups: tuple[Callable[[Json], list[str]], Mapping[str, str]] | None = None,
) -> Response:
    """Render a page with one card per item of the API list at `path`.

    `tags` gives the tags of a record. `groups` is a function from a record to its group keys, and the labels of the
    groups in page order.
    """

    def build(ctx: RequestContext) -> Response:
        cards = [
            {
                "name": record["name"],
                "summary": record["summary"],
                "path": f"/{path}/{record['slug']}",
                "tags": tags(record),
                "groups": groups[0](record) if groups else [""],
            }
            for record in load_rows(ctx, path)
        ]
        labels = groups[1] if groups else {"": ""}
        grouped = [(key, label, [card for card in cards if key in card["groups"]]) for key, label in labels.items()]
        filled = [group for group in grouped if group[2]]
        return render_template(
            ctx, "list.html", title=title, path=f"/{path}", description=lede, lede=lede, groups=filled
        )

    return render_page(request, build)


@router.get("/procedures")
def show_procedures(request: Request) -> Response:
    """List of procedures by family."""

    def tags(record: Json) -> list[str]:
        reliefs = [f"Typical relief: {relief['label']}" for relief in record["typical_relief"]["items"]]
        return [*(vocabulary.BODY_REGIONS[region] for region in record["body_regions"]), *reliefs]

    lede = "What a specialist may do, from tests to implants."
    by_family = (lambda record: [record["family"]], vocabulary.PROCEDURE_FAMILIES)
    return render_list_page(request, "procedures", "Procedures", lede, tags, groups=by_family)


@router.get("/conditions")
def show_conditions(request: Request) -> Response:
    """List of conditions by the first body region of each."""

    def tags(record: Json) -> list[str]:
        regions = [vocabulary.BODY_REGIONS[region] for region in record["body_regions"][1:]]
        return [*regions, *(["Named by sources, not described"] if record["stub"] else [])]

    lede = "What you may have been told you have, by the part of the body."
    return render_list_page(request, "conditions", "Conditions", lede, tags, groups=(_get_first_region, _REGION_LABELS))


@router.get("/pain-generators")
def show_pain_generators(request: Request) -> Response:
    """List of pain generators by the first body region of each."""

    def tags(record: Json) -> list[str]:
        regions = [vocabulary.BODY_REGIONS[region] for region in record["body_regions"][1:]]
        return [vocabulary.GENERATOR_KINDS[record["kind"]], *regions]

    lede = "Parts of the body that pain can come from."
    return render_list_page(
        request, "pain-generators", "Pain generators", lede, tags, groups=(_get_first_region, _REGION_LABELS)
    )


@router.get("/risks")
def show_risks(request: Request) -> Response:
    """List of harms by category."""
    lede = "What can go wrong. Each page says for which procedures it was seen, looked for, or not reported."
    by_category = (lambda record: [record["category"]], vocabulary.RISK_CATEGORIES)
    return render_list_page(request, "risks", "Harms", lede, lambda _: [], groups=by_category)


_REGION_LABELS: Mapping[str, str] = {**vocabulary.BODY_REGIONS, "none": "Part of the body not stated"}


def _get_first_region(record: Json) -> list[str]:
    return record["body_regions"][:1] or ["none"]
