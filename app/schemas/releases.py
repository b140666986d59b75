"""Releases and their changes as they are shown."""

from typing import Literal

from pydantic import Field

from app.schemas.building_blocks import Licence, Link, Review, Shown, TextWithLang


class ChangeCounts(Shown):
    added: int
    changed: int
    removed: int
    total: int


class ReleaseLinks(Shown):
    self: Link
    changes: Link


class ReleaseSummary(Shown):
    """One release of the content."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    title: str
    content_hash: str = Field(description="SHA-256 of the content.")
    current: bool
    changes: ChangeCounts
    links: ReleaseLinks


class Counts(Shown):
    procedures: int
    conditions: int
    pain_generators: int
    risks: int
    sources: int
    claims: int
    guide_pages: int


class CurrentLinks(Shown):
    self: Link
    releases: Link
    notice: Link


class CurrentRelease(Shown):
    """The release that every answer is of."""

    version: str
    date: str = Field(description="RFC 3339 date; of a development version: that of the release before.")
    revision: str = Field(description="Hash of content and history: the same in every database.")
    development: bool = Field(description="Content was edited since the last release.")
    counts: Counts
    title: str
    based_on: str | None = Field(description="The last release; null: none yet.")
    licence: Licence
    review: Review
    notice: TextWithLang
    links: CurrentLinks


class ChangeLinks(Shown):
    record: str | None = Field(description="The record changed; null: it is gone, or not a record.")


class ChangeShown(Shown):
    """One difference to the release before, field by field."""

    entity: str = Field(description="Family and slug, as in the seed.")
    type: str
    slug: str | None = Field(description="Null: the entity is not a record.")
    name: str | None = Field(
        description="Name in the current release, or in the last that held the record; null: it has none."
    )
    change: Literal["added", "changed", "removed"]
    field: str = Field(description="JSON pointer within the entity, entries by their id; empty: the whole entity.")
    old: str | None = Field(description="Value before, as text or JSON; null: there was none, or the whole entity.")
    new: str | None = Field(description="Value after, as text or JSON; null: there is none, or the whole entity.")
    links: ChangeLinks
