"""A harm: which procedures it was reported for, and how often, as far as sources say."""

from fastapi import APIRouter, Request, Response

from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.web.rates import harm_rows
from app.web.rendering import answered, load, render

router = APIRouter(include_in_schema=False)


@router.get("/risks/{slug}")
def show_risk(slug: str, request: Request) -> Response:
    """A harm, procedure by procedure."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "risk", slug))
        rows, base = harm_rows(d["observations"]["items"])
        return render(
            read,
            "risk.html",
            title=d["name"],
            path=f"/risks/{slug}",
            description=d["summary"],
            d=d,
            comparable=[row for row in rows if not row["withheld"]],
            harm_base=base,
        )

    return answered(request, make)
