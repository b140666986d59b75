"""How long relief lasts, all procedures beside each other."""

from fastapi import APIRouter, Request, Response

from app.http.context import Reading
from app.web.charts import relief_chart
from app.web.rendering import answered, render, rows_of

router = APIRouter(include_in_schema=False)


@router.get("/relief")
def show_relief(request: Request) -> Response:
    """How long relief lasts, every estimate on one axis."""

    def make(read: Reading) -> Response:
        _ = read.release
        claims = sorted(
            rows_of(read, "relief-durations"),
            key=lambda one: (one["subject"]["name"].casefold(), one["subject"]["slug"]),
        )
        chart = relief_chart(
            claims,
            key="all",
            title="How long relief lasts, every estimate",
            base=read.settings.path_prefix,
            heading="Procedure",
        )
        about = "How long relief of pain procedures lasts: every estimate on one time axis, from hours to years."
        return render(
            read, "relief.html", title="How long relief lasts", path="/relief", description=about, chart=chart
        )

    return answered(request, make)
