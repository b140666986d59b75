"""Feeds of releases and their changes."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Query, Response

from app.api.deps import Context, ReleaseQuery, StrictRoute
from app.api.v1.releases import ChangeFilterParams, Version, get_release
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
from app.openapi.responses import UndocumentedMediaType, error_responses
from app.queries.documents import get_current_release_json
from app.queries.list_filter import FilteredList
from app.queries.lists import iter_rows

router = APIRouter(tags=["releases"], route_class=StrictRoute)
Serializer = Callable[[Feed], bytes]
ChangeQuery = Annotated[ChangeFilterParams, Query()]


def _feed_responses(media_type: str, *more: int) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string"} if media_type == ATOM_MEDIA_TYPE else {"type": "object", "additionalProperties": True}
    description = "Atom (RFC 4287)." if media_type == ATOM_MEDIA_TYPE else "JSON Feed 1.1."
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}, **error_responses(*more)}


_RELEASES_FEED_TITLE: Final = "procedure-kb: releases"


def _author(ctx: RequestContext) -> str:
    current = orjson.loads(get_current_release_json(ctx.connection))
    return str(current["license"]["attribution"])


def _releases_feed(ctx: RequestContext, extension: str, media_type: str, serialize: Serializer) -> Response:
    base, date = ctx.settings.link_base, ctx.release.date
    releases = [
        orjson.loads(ctx.resolve_links(row.json)) for row in iter_rows(FilteredList(ctx.connection, "releases"))
    ]
    entries = [
        FeedEntry(
            permanent_name=f"release/{release['version']}",
            title=f"{release['version']}: {release['title']}",
            text="{added} added, {changed} changed, {removed} removed.".format(**release["changes"]),
            date=release["date"],
            url=release["links"]["changes"],
        )
        for release in releases
    ]
    feed = Feed(
        "releases",
        _RELEASES_FEED_TITLE,
        date,
        f"{base}/v1/releases.{extension}",
        f"{base}/releases",
        _author(ctx),
        entries,
    )
    return ctx.bytes_response(serialize(feed), media_type=media_type)


def _changes_feed(
    ctx: RequestContext,
    version: str,
    params: ChangeFilterParams,
    extension: str,
    media_type: str,
    serialize: Serializer,
) -> Response:
    release = get_release(ctx, version)
    base = ctx.settings.link_base
    rows = FilteredList(ctx.connection, f"releases/{version}/changes", params.build_filters(ctx), params.build_order())
    changes = [orjson.loads(ctx.resolve_links(row.json)) for row in iter_rows(rows)]
    feed = Feed(
        permanent_name=f"release/{version}",
        title=f"procedure-kb {version}: {release['title']}",
        date=release["date"],
        feed_url=f"{base}/v1/releases/{quote(version)}/changes.{extension}",
        html_url=f"{base}/releases",
        author=_author(ctx),
        entries=build_change_entries(version, release["date"], changes),
    )
    return ctx.bytes_response(serialize(feed), media_type=media_type)


@router.get("/releases.atom", response_class=UndocumentedMediaType, responses=_feed_responses(ATOM_MEDIA_TYPE))
def get_releases_atom(_: ReleaseQuery, ctx: Context) -> Response:
    """Every release as an Atom feed, newest first."""
    return _releases_feed(ctx, "atom", ATOM_MEDIA_TYPE, render_atom)


@router.get(
    "/releases.feed.json", response_class=UndocumentedMediaType, responses=_feed_responses(JSON_FEED_MEDIA_TYPE)
)
def get_releases_feed(_: ReleaseQuery, ctx: Context) -> Response:
    """Every release as a JSON Feed, newest first."""
    return _releases_feed(ctx, "feed.json", JSON_FEED_MEDIA_TYPE, render_json_feed)


@router.get(
    "/releases/{version}/changes.atom",
    response_class=UndocumentedMediaType,
    responses=_feed_responses(ATOM_MEDIA_TYPE, 404),
)
def get_changes_atom(version: Version, params: ChangeQuery, ctx: Context) -> Response:
    """Changes of a release as an Atom feed, one entry per record."""
    return _changes_feed(ctx, version, params, "atom", ATOM_MEDIA_TYPE, render_atom)


@router.get(
    "/releases/{version}/changes.feed.json",
    response_class=UndocumentedMediaType,
    responses=_feed_responses(JSON_FEED_MEDIA_TYPE, 404),
)
def get_changes_feed(version: Version, params: ChangeQuery, ctx: Context) -> Response:
    """Changes of a release as a JSON Feed, one entry per record."""
    return _changes_feed(ctx, version, params, "feed.json", JSON_FEED_MEDIA_TYPE, render_json_feed)
