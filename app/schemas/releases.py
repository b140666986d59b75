"""Release and change responses."""

from typing import Literal

from pydantic import Field

from app.schemas.building_blocks import License, Link, ResponseModel, ReviewOut, TextWithLang


class ChangeCounts(ResponseModel):
    added: int
    changed: int
    removed: int
    total: int


class ReleaseLinks(ResponseModel):
    self: Link
    changes: Link


class ReleaseSummary(ResponseModel):
    """Release of the content."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    title: str
    content_hash: str = Field(description="SHA-256 of the content.")
    current: bool
    changes: ChangeCounts
    links: ReleaseLinks


class Counts(ResponseModel):
    procedures: int
    conditions: int
    pain_generators: int
    risks: int
    sources: int
    claims: int
    guide_pages: int


class CurrentLinks(ResponseModel):
    self: Link
    releases: Link
    notice: Link


class CurrentReleaseOut(ResponseModel):
    """Release that all responses are based on."""

    version: str
    date: str = Field(description="RFC 3339 date; for a development version, the date of the previous release.")
    revision: str = Field(description="Hash of content and history; identical in every database.")
    development: bool = Field(description="The content was edited after the last release.")
    counts: Counts
    title: str
    based_on: str | None = Field(description="Version of the last release; null: none yet.")
    licence: License
    review: ReviewOut
    notice: TextWithLang
    links: CurrentLinks


class ChangeLinks(ResponseModel):
    record: str | None = Field(
        description="The changed record; null: it no longer exists, or the entity is not a record."
    )


class ChangeOut(ResponseModel):
    """Change of one field since the previous release."""

    entity: str = Field(description="Folder and slug, as in the seed.")
    type: str
    slug: str | None = Field(description="Null: the entity is not a record.")
    name: str | None = Field(
        description="Name in the current release, or in the last release that contained the record; null: it has no name."
    )
    change: Literal["added", "changed", "removed"]
    field: str = Field(
        description="JSON pointer within the entity, with list entries addressed by id; empty: the whole entity."
    )
    old: str | None = Field(
        description="Old value as text or JSON; null: there was none, or the change covers the whole entity."
    )
    new: str | None = Field(
        description="New value as text or JSON; null: there is none, or the change covers the whole entity."
    )
    links: ChangeLinks
