"""Feeds of releases and their changes."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import Query, Response

from app.api.deps import Context, create_router
from app.api.parameters import ChangeFilterParams, ReleaseQuery
from app.api.v1.releases import Version, get_release
from app.formats.feeds import (
    ATOM_MEDIA_TYPE,
    JSON_FEED_MEDIA_TYPE,
    Feed,
    FeedEntry,
    build_change_entries,
    render_atom,
    render_json_feed,
)
from app.http.context import RequestContext
from app.openapi.responses import NOT_FOUND_RESPONSE, UndocumentedMediaType
from app.queries.documents import get_current_release_json
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows

router = create_router("releases")


ChangeQuery = Annotated[ChangeFilterParams, Query()]
_Responses = dict[int | str, dict[str, Any]]
_ATOM: Final[_Responses] = {
    200: {"description": "Atom (RFC 4287).", "content": {ATOM_MEDIA_TYPE: {"schema": {"type": "string"}}}}
}
_ANY_OBJECT: Final = {"type": "object", "additionalProperties": True}
_JSON_FEED: Final[_Responses] = {
    200: {"description": "JSON Feed 1.1.", "content": {JSON_FEED_MEDIA_TYPE: {"schema": _ANY_OBJECT}}}
}


def _find_author(ctx: RequestContext) -> str:
    current = orjson.loads(get_current_release_json(ctx.transaction))
    return str(current["license"]["attribution"])


def _build_releases_feed(ctx: RequestContext, extension: str) -> Feed:
    releases = [
        orjson.loads(ctx.resolve_links(row.json)) for row in iter_rows(FilteredList(ctx.transaction, "releases"))
    ]
    return Feed(
        permanent_name="releases",
        title="procedure-kb: releases",
        date=ctx.release.date,
        feed_url=f"{ctx.settings.link_base}/v1/releases.{extension}",
        html_url=f"{ctx.settings.link_base}/releases",
        author=_find_author(ctx),
        entries=[
            FeedEntry(
                permanent_name=f"release/{release['version']}",
                title=f"{release['version']}: {release['title']}",
                text="{added} added, {changed} changed, {removed} removed.".format(**release["changes"]),
                date=release["date"],
                url=release["links"]["changes"],
            )
            for release in releases
        ],
    )


def _build_changes_feed(ctx: RequestContext, version: str, params: ChangeFilterParams, extension: str) -> Feed:
    release = get_release(ctx, version)
    rows = FilteredList(ctx.transaction, f"releases/{version}/changes", params.build_filters(ctx), params.build_order())
    changes = [orjson.loads(ctx.resolve_links(row.json)) for row in iter_rows(rows)]
    return Feed(
        permanent_name=f"release/{version}",
        title=f"procedure-kb {version}: {release['title']}",
        date=release["date"],
        feed_url=f"{ctx.settings.link_base}/v1/releases/{quote(version)}/changes.{extension}",
        html_url=f"{ctx.settings.link_base}/releases",
        author=_find_author(ctx),
        entries=build_change_entries(version, release["date"], changes, ctx.settings.link_base),
    )


@router.get("/releases.atom", response_class=UndocumentedMediaType, responses=_ATOM)
def get_releases_atom(_: ReleaseQuery, ctx: Context) -> Response:
    """Every release as an Atom feed, newest first."""
    return ctx.bytes_response(render_atom(_build_releases_feed(ctx, "atom")), media_type=ATOM_MEDIA_TYPE)


@router.get("/releases.feed.json", response_class=UndocumentedMediaType, responses=_JSON_FEED)
def get_releases_feed(_: ReleaseQuery, ctx: Context) -> Response:
    """Every release as a JSON Feed, newest first."""
    feed = _build_releases_feed(ctx, "feed.json")
    return ctx.bytes_response(render_json_feed(feed), media_type=JSON_FEED_MEDIA_TYPE)


@router.get(
    "/releases/{version}/changes.atom", response_class=UndocumentedMediaType, responses=_ATOM | NOT_FOUND_RESPONSE
)
def get_changes_atom(version: Version, params: ChangeQuery, ctx: Context) -> Response:
    """Changes of a release as an Atom feed, one entry per record."""
    feed = _build_changes_feed(ctx, version, params, "atom")
    return ctx.bytes_response(render_atom(feed), media_type=ATOM_MEDIA_TYPE)


@router.get(
    "/releases/{version}/changes.feed.json",
    response_class=UndocumentedMediaType,
    responses=_JSON_FEED | NOT_FOUND_RESPONSE,
)
def get_changes_feed(version: Version, params: ChangeQuery, ctx: Context) -> Response:
    """Changes of a release as a JSON Feed, one entry per record."""
    feed = _build_changes_feed(ctx, version, params, "feed.json")
    return ctx.bytes_response(render_json_feed(feed), media_type=JSON_FEED_MEDIA_TYPE)
