"""The history of the content, field by field."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import MAX_VALUES, Listed, Paged, Preconditioned, Reader, StrictRoute, Text, chosen, facets, many
from app.domain.values import Among
from app.errors import NotFound
from app.http.context import Reading
from app.http.pagination import page_of
from app.openapi.responses import answers
from app.queries.documents import find_document
from app.queries.list_filter import Filters, Order
from app.queries.releases import list_versions
from app.schemas.building_blocks import ListPage
from app.schemas.releases import ChangeShown, CurrentRelease, ReleaseSummary
from app.text.nearest import nearest

router = APIRouter(prefix="/releases", tags=["releases"], route_class=StrictRoute)
Version = Annotated[str, Path(min_length=1, max_length=80, description="Version of a release.")]


class ChangeFilters(Listed):
    """Filters of the changes of a release."""

    entity: list[Text] = Field(
        default_factory=list,
        max_length=MAX_VALUES,
        description="Family and slug, as in the seed: procedures/vertebroplasty.",
    )
    type: list[Text] = Field(default_factory=list, max_length=MAX_VALUES, description="Type of record.")
    change: list[Annotated[str, Among({"added": "", "changed": "", "removed": ""})]] = many(
        "What happened to the field."
    )

    def filters(self, read: Reading) -> Filters:
        del read
        return Filters(chosen(entity=self.entity, type=self.type, change=self.change))


class ChangeParams(ChangeFilters, Paged):
    """What the list takes."""

    facet: list[Annotated[str, facets("type", "change", "entity")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )


@router.get("", response_model=ListPage[ReleaseSummary], responses=answers())
def list_releases(params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Every release, newest first."""
    read.require(params.release)
    return page_of(read, "releases", filters=Filters(), order=Order(), limit=params.limit, cursor=params.cursor)


@router.get("/current", response_model=CurrentRelease, responses=answers())
def get_current_release(params: Preconditioned, read: Reader) -> Response:
    """The release that every answer is of, with counts, licence and review status."""
    read.require(params.release)
    _ = read.release
    return read.json(bytes(find_document(read.connection, "current", "release") or b"{}"))


@router.get("/{version}", response_model=ReleaseSummary, responses=answers(404))
def get_release_summary(version: Version, params: Preconditioned, read: Reader) -> Response:
    """One release."""
    read.require(params.release)
    return read.dump(release_of(read, version))


@router.get("/{version}/changes", response_model=ListPage[ChangeShown], responses=answers(404))
def list_changes_of_release(version: Version, params: Annotated[ChangeParams, Query()], read: Reader) -> Response:
    """What a release changed, field by field."""
    read.require(params.release)
    known = [*list_versions(read.connection), read.release.version]
    if version not in known:
        raise _no_release(read, version)
    return page_of(
        read,
        f"releases/{version}/changes",
        filters=params.filters(read),
        order=Order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


def release_of(read: Reading, version: str) -> dict[str, Any]:
    """A release as it is shown. NotFound with the nearest versions."""
    _ = read.release
    body = find_document(read.connection, "release", version)
    if body is None:
        raise _no_release(read, version)
    found: dict[str, Any] = orjson.loads(read.linked(bytes(body)))
    return found


def _no_release(read: Reading, version: str) -> NotFound:
    known = [*list_versions(read.connection), read.release.version]
    near = nearest(version, known, most=3) or known[-1:]
    return NotFound(f"No release has the version {version!r}.", suggestions=tuple(dict.fromkeys(near)))
