"""Relief page."""

from typing import Final

from fastapi import Response

from app.domain.documents import DISAGREEMENTS
from app.domain.json import Json
from app.http.context import RequestContext
from app.queries.documents import find_document
from app.queries.list_filter import FilteredList, count_rows
from app.queries.lists import list_rows
from app.web.charts import render_relief_chart
from app.web.rendering import load_procedure_rows, page, parse_document, parse_start, render_template

# Estimates on one page.
PAGE_SIZE: Final = 250


@page("/relief")
def show_relief(ctx: RequestContext) -> Response:
    """Relief estimates of all procedures on one time axis."""
    estimates = FilteredList(ctx.transaction, "relief-durations")
    total = count_rows(estimates)
    start = parse_start(ctx, total)
    claims = _load_whole_groups(ctx, estimates, start)
    chart = render_relief_chart(
        claims,
        key="all",
        title="How long relief lasts, every estimate",
        base=ctx.settings.path_prefix,
        differing=_list_differing_procedures(ctx),
    )
    description = "How long relief of pain procedures lasts: every estimate on one time axis, from hours to years."
    return render_template(
        ctx,
        "relief.html",
        title="How long relief lasts",
        canonical_path=f"/relief?start={start}" if start else "/relief",
        description=description,
        chart=chart,
        procedures=load_procedure_rows(ctx, (claim["subject"]["slug"] for claim in claims)),
        start=start,
        end=start + len(claims),
        total=total,
    )


def _list_differing_procedures(ctx: RequestContext) -> frozenset[str]:
    disagreements = parse_document(ctx, find_document(ctx.transaction, *DISAGREEMENTS) or b'{"estimates": []}')
    return frozenset(row["procedure"]["slug"] for row in disagreements["estimates"])


def _load_whole_groups(ctx: RequestContext, estimates: FilteredList, start: int) -> list[Json]:
    """Load the estimates of a page, by name of the procedure. A procedure's estimates are not split between two pages."""
    rows = list_rows(estimates, after=start - 1 if start else None, limit=PAGE_SIZE + 1)
    claims = [parse_document(ctx, row.json) for row in rows]
    if len(claims) <= PAGE_SIZE:
        return claims
    next_slug = claims[-1]["subject"]["slug"]
    return [claim for claim in claims if claim["subject"]["slug"] != next_slug] or claims[:PAGE_SIZE]
