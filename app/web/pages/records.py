"""Lists of records: a card each."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from app.http.reading import Reading
from app.schemas import vocabulary
from app.web.rendering import Json, answered, render, rows_of

router = APIRouter(include_in_schema=False)


def list_page(request: Request, path: str, title: str, lede: str, tags: Callable[[Json], list[str]]) -> Response:
    """A page of cards, one a record of the API's list at `path`."""

    def make(read: Reading) -> Response:
        _ = read.release
        found = [
            {"name": one["name"], "summary": one["summary"], "path": f"/{path}/{one['slug']}", "tags": tags(one)}
            for one in rows_of(read, path)
        ]
        return render(read, "list.html", title=title, path=f"/{path}", lede=lede, records=found)

    return answered(request, make)


@router.get("/procedures")
def show_procedures(request: Request) -> Response:
    """Every procedure."""

    def tags(one: Json) -> list[str]:
        relief = [f"Typical relief: {item['label']}" for item in one["typical_relief"]["items"]]
        return [
            vocabulary.FAMILIES[one["family"]],
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
            *relief,
        ]

    return list_page(request, "procedures", "Procedures", "What a specialist may do, from tests to implants.", tags)


@router.get("/conditions")
def show_conditions(request: Request) -> Response:
    """Every condition."""

    def tags(one: Json) -> list[str]:
        return [
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
            *(["Named by sources, not described"] if one["stub"] else []),
        ]

    return list_page(request, "conditions", "Conditions", "What you may have been told you have.", tags)


@router.get("/pain-generators")
def show_pain_generators(request: Request) -> Response:
    """Every pain generator."""

    def tags(one: Json) -> list[str]:
        return [
            vocabulary.GENERATOR_KINDS[one["kind"]],
            *(vocabulary.BODY_REGIONS[region] for region in one["body_regions"]),
        ]

    return list_page(request, "pain-generators", "Pain generators", "Parts of the body that pain can come from.", tags)
