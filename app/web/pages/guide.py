"""The patient guide."""

from fastapi import APIRouter, Request, Response

from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.web.pages.lists import list_page
from app.web.rendering import answered, load, render

router = APIRouter(include_in_schema=False)


@router.get("/guide")
def show_guide(request: Request) -> Response:
    """Pages of the patient guide."""
    return list_page(request, "guide", "Patient guide", "From the first visit to the follow-up.", lambda _: [])


@router.get("/guide/{slug}")
def show_guide_page(slug: str, request: Request) -> Response:
    """A page of the patient guide."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "guide_page", slug))
        return render(read, "guide.html", title=d["name"], path=f"/guide/{slug}", description=d["summary"], d=d)

    return answered(request, make)
