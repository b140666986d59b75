"""Where people begin."""

from fastapi import APIRouter, Request, Response

from app.http.context import Reading
from app.web.rendering import answered, current_release, render

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_home(request: Request) -> Response:
    """Home."""

    def make(read: Reading) -> Response:
        current = current_release(read)
        return render(
            read,
            "home.html",
            title="Pain procedures, with their sources",
            path="/",
            counts=current["counts"],
            review_status=current["review"]["status"],
        )

    return answered(request, make)
