"""How long relief lasts, all procedures beside each other."""

from fastapi import APIRouter, Request, Response

from app.http.reading import Reading
from app.web.charts import relief_chart
from app.web.rendering import answered, render, rows_of

router = APIRouter(include_in_schema=False)


@router.get("/relief")
def show_relief(request: Request) -> Response:
    """How long relief lasts, every estimate on one axis."""

    def make(read: Reading) -> Response:
        _ = read.release
        claims = rows_of(read, "relief-durations")
        chart = relief_chart(
            claims,
            key="all",
            title="How long relief lasts, every estimate",
            base=read.settings.path_prefix,
            heading="Procedure",
        )
        return render(read, "relief.html", title="How long relief lasts", path="/relief", chart=chart)

    return answered(request, make)
