"""Relief page."""

from fastapi import APIRouter, Request, Response

from app.http.context import RequestContext
from app.web.charts import render_relief_chart
from app.web.rendering import load_rows, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/relief")
def show_relief(request: Request) -> Response:
    """Relief estimates of all procedures on one time axis."""

    def build(ctx: RequestContext) -> Response:
        claims = sorted(
            load_rows(ctx, "relief-durations"),
            key=lambda claim: (claim["subject"]["name"].casefold(), claim["subject"]["slug"]),
        )
        chart = render_relief_chart(
            claims,
            key="all",
            title="How long relief lasts, every estimate",
            base=ctx.settings.path_prefix,
            grouped=True,
        )
        description = "How long relief of pain procedures lasts: every estimate on one time axis, from hours to years."
        return render_template(
            ctx, "relief.html", title="How long relief lasts", path="/relief", description=description, chart=chart
        )

    return render_page(request, build)
