"""Procedures side by side, with no procedure as an option."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.formats.comparison import compare
from app.http.context import Reading
from app.http.slug_resolution import slugs_of
from app.queries.documents import list_documents
from app.web.rendering import answered, chosen, load, render

router = APIRouter(include_in_schema=False)
MOST: Final = 6
# Rows that ask about a procedure itself: where there is none they do not apply.
_NOTHING: Final = frozenset(
    [
        "family",
        "intents",
        "implant",
        "guidance",
        "anaesthesia",
        "settings",
        "procedure_times",
        "recovery",
        "contraindications",
        "targets",
    ]
)
_CONDITIONS_READ: Final = 3


@router.get("/compare")
def show_comparison(request: Request) -> Response:
    """Two to six procedures side by side, with no procedure as an option."""

    def make(read: Reading) -> Response:
        _ = read.release
        names = slugs_of(read, "procedure")
        slugs = chosen(request, "procedure", names)
        comparison, message, without = None, "", {}
        if len(slugs) > MOST:
            message = f"Choose at most six procedures; {len(slugs)} are chosen."
        elif len(slugs) >= 2:
            bodies = list_documents(read.connection, "procedure", slugs)
            comparison = compare([load(read, bodies[slug]) for slug in slugs])
            without = _without(read, comparison["no_procedure"])
        elif slugs:
            message = f"{names[slugs[0]]} is chosen. Choose at least one more procedure."
        return render(
            read,
            "compare.html",
            title="Compare procedures",
            path="/compare",
            description="Two to six pain procedures side by side, with no procedure as an option.",
            all=sorted(names.items(), key=lambda pair: pair[1].casefold()),
            chosen=slugs,
            c=comparison,
            without=without,
            nothing=_NOTHING,
            message=message,
            noindex=bool(slugs),
        )

    return answered(request, make)


def _without(read: Reading, conditions: list[Json]) -> dict[str, list[tuple[str, str]]]:
    """What is known of going without, for conditions that all procedures share: row of the comparison -> words, link."""
    if not conditions:
        return {}
    few = conditions[:_CONDITIONS_READ]
    bodies = list_documents(read.connection, "options", [one["slug"] for one in few])
    found: dict[str, list[tuple[str, str]]] = {
        "indications": [
            (f"{one['name']}: care without a procedure", f"/conditions/{one['slug']}#care") for one in conditions
        ]
    }
    for one in few:
        course = load(read, bodies[one["slug"]])["no_procedure"]["natural_course"]["items"]
        words = [(f"{one['name']}: {claim['statement']}", "") for claim in course[:2]]
        found.setdefault("typical_relief", []).extend(words)
    return found
