"""Releases and their changes as feeds."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

import orjson
from fastapi import APIRouter, Query, Response

from app.api.deps import Preconditioned, Reader, StrictRoute
from app.api.v1.releases import ChangeFilters, Version, release_of
from app.formats.feeds import ATOM, JSON_FEED, Entry, Feed, as_atom, as_json_feed, entries_of_changes
from app.http.context import Reading
from app.openapi.responses import answers
from app.queries.documents import find_document
from app.queries.list_filter import Selection
from app.queries.lists import walk_list

router = APIRouter(tags=["releases"], route_class=StrictRoute)
Written = Callable[[Feed], bytes]
ChangeQuery = Annotated[ChangeFilters, Query()]


class _Feed(Response):
    """Only so that the document names one media type."""

    media_type = None


def _described(media_type: str, *more: int) -> dict[int | str, dict[str, Any]]:
    schema = {"type": "string"} if media_type == ATOM else {"type": "object", "additionalProperties": True}
    words = "Atom, RFC 4287." if media_type == ATOM else "JSON Feed 1.1."
    return {200: {"description": words, "content": {media_type: {"schema": schema}}}, **answers(*more)}


_NEWS: Final = "procedure-kb: releases"


def _author(read: Reading) -> str:
    current = orjson.loads(find_document(read.connection, "current", "release") or b"{}")
    return str(current["licence"]["attribution"])


def _news(read: Reading, ending: str, media_type: str, written: Written) -> Response:
    base, date = read.settings.link_base, read.release.date
    releases = [orjson.loads(read.linked(row.shown)) for row in walk_list(Selection(read.connection, "releases"))]
    entries = [
        Entry(
            key=f"release/{one['version']}",
            title=f"{one['version']}: {one['title']}",
            text="{added} added, {changed} changed, {removed} removed.".format(**one["changes"]),
            date=one["date"],
            link=one["links"]["changes"],
        )
        for one in releases
    ]
    feed = Feed("releases", _NEWS, date, f"{base}/v1/releases.{ending}", f"{base}/releases", _author(read), entries)
    return read.json(written(feed), media_type=media_type)


def _changes(
    read: Reading, version: str, params: ChangeFilters, ending: str, media_type: str, written: Written
) -> Response:
    read.require(params.release)
    release = release_of(read, version)
    base = read.settings.link_base
    changed = Selection(read.connection, f"releases/{version}/changes", params.filters(read), params.order())
    changes = [orjson.loads(read.linked(row.shown)) for row in walk_list(changed)]
    feed = Feed(
        key=f"release/{version}",
        title=f"procedure-kb {version}: {release['title']}",
        date=release["date"],
        address=f"{base}/v1/releases/{quote(version)}/changes.{ending}",
        html=f"{base}/releases",
        author=_author(read),
        entries=entries_of_changes(version, release["date"], changes),
    )
    return read.json(written(feed), media_type=media_type)


@router.get("/releases.atom", response_class=_Feed, responses=_described(ATOM))
def get_releases_atom(params: Preconditioned, read: Reader) -> Response:
    """Every release as Atom, newest first: subscribe to this one."""
    read.require(params.release)
    return _news(read, "atom", ATOM, as_atom)


@router.get("/releases.feed.json", response_class=_Feed, responses=_described(JSON_FEED))
def get_releases_feed(params: Preconditioned, read: Reader) -> Response:
    """Every release as JSON Feed, newest first."""
    read.require(params.release)
    return _news(read, "feed.json", JSON_FEED, as_json_feed)


@router.get("/releases/{version}/changes.atom", response_class=_Feed, responses=_described(ATOM, 404))
def get_changes_atom(version: Version, params: ChangeQuery, read: Reader) -> Response:
    """What a release changed as Atom, one entry a record."""
    return _changes(read, version, params, "atom", ATOM, as_atom)


@router.get("/releases/{version}/changes.feed.json", response_class=_Feed, responses=_described(JSON_FEED, 404))
def get_changes_feed(version: Version, params: ChangeQuery, read: Reader) -> Response:
    """What a release changed as JSON Feed, one entry a record."""
    return _changes(read, version, params, "feed.json", JSON_FEED, as_json_feed)
