"""Dates of releases: when a record last changed."""

from app.http.context import RequestContext
from app.queries.releases import list_release_dates


def get_release_date(ctx: RequestContext, version: str) -> str:
    """Date of a release; of a version that is no release (a development version of it) the date of the current one."""
    dates = ctx.cached("release dates", lambda: list_release_dates(ctx.transaction))
    return dates.get(version, ctx.release.date)
