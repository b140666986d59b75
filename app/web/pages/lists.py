"""Lists of records: a card each, grouped as people look for them."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import Reading
from app.web.rendering import answered, render, rows_of

router = APIRouter(include_in_schema=False)
Group = tuple[str, str, list[Json]]


def list_page(
    request: Request,
    path: str,
    title: str,
    lede: str,
    tags: Callable[[Json], list[str]],
    *,
    groups: tuple[Callable[[Json], list[str]], Mapping[str, str]] | None = None,
) -> Response:
    """A page of cards, one a record of the API's list at `path`; `groups` says in which group each stands, and the order."""

    def make(read: Reading) -> Response:
        _ = read.release
        cards = [
            {
                "name": one["name"],
                "summary": one["summary"],
                "path": f"/{path}/{one['slug']}",
                "tags": tags(one),
                "in": groups[0](one) if groups else [""],
            }
            for one in rows_of(read, path)
        ]
        names = groups[1] if groups else {"": ""}
        grouped = [(value, label, [card for card in cards if value in card["in"]]) for value, label in names.items()]
        shown = [group for group in grouped if group[2]]
        return render(read, "list.html", title=title, path=f"/{path}", description=lede, lede=lede, groups=shown)

    return answered(request, make)


@router.get("/procedures")
def show_procedures(request: Request) -> Response:
    """Every procedure, by family."""

    def tags(one: Json) -> list[str]:
        relief = [f"Typical relief: {item['label']}" for item in one["typical_relief"]["items"]]
        return [*(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]), *relief]

    lede = "What a specialist may do, from tests to implants."
    by_family = (lambda one: [one["family"]], vocabulary.FAMILIES)
    return list_page(request, "procedures", "Procedures", lede, tags, groups=by_family)


@router.get("/conditions")
def show_conditions(request: Request) -> Response:
    """Every condition, by the first part of the body that it is felt in."""

    def tags(one: Json) -> list[str]:
        regions = [vocabulary.BODY_REGIONS[region] for region in one["body_regions"][1:]]
        return [*regions, *(["Named by sources, not described"] if one["stub"] else [])]

    lede = "What you may have been told you have, by the part of the body."
    return list_page(request, "conditions", "Conditions", lede, tags, groups=(_region, _REGIONS))


@router.get("/pain-generators")
def show_pain_generators(request: Request) -> Response:
    """Every pain generator, by part of the body."""

    def tags(one: Json) -> list[str]:
        regions = [vocabulary.BODY_REGIONS[region] for region in one["body_regions"][1:]]
        return [vocabulary.GENERATOR_KINDS[one["kind"]], *regions]

    lede = "Parts of the body that pain can come from."
    return list_page(request, "pain-generators", "Pain generators", lede, tags, groups=(_region, _REGIONS))


@router.get("/risks")
def show_risks(request: Request) -> Response:
    """Every harm that sources speak of, by kind."""
    lede = "What can go wrong. Each page says for which procedures it was seen, looked for, or not reported."
    by_category = (lambda one: [one["category"]], vocabulary.RISK_CATEGORIES)
    return list_page(request, "risks", "Harms", lede, lambda _: [], groups=by_category)


_REGIONS: Mapping[str, str] = {**vocabulary.BODY_REGIONS, "none": "Part of the body not stated"}


def _region(one: Json) -> list[str]:
    return one["body_regions"][:1] or ["none"]
