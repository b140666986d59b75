"""Release and change responses."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.building_blocks import ContentReviewOut, License, Link, ResponseModel, TextWithLang

ChangeKind = Annotated[
    Literal["added", "changed", "removed"], Field(description="Whether the value was added, changed or removed.")
]


class ChangeCounts(ResponseModel):
    """Number of changes of each kind."""

    added: int = Field(description="Values added.")
    changed: int = Field(description="Values changed.")
    removed: int = Field(description="Values removed.")
    total: int = Field(description="All changes.")


class ReleaseLinks(ResponseModel):
    """Links of a release: itself and its changes."""

    self: Link
    changes: Link = Field(description="Its changes.")


class ReleaseSummary(ResponseModel):
    """Release of the content."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    title: str = Field(description="Title of the release.")
    content_hash: str = Field(description="SHA-256 of the content.")
    current: bool = Field(description="Whether responses are based on this release.")
    changes: ChangeCounts = Field(description="Number of changes.")
    links: ReleaseLinks


class RecordCounts(ResponseModel):
    """Number of records of each type, and of claims."""

    procedures: int = Field(description="Number of procedures.")
    conditions: int = Field(description="Number of conditions.")
    pain_generators: int = Field(description="Number of pain generators.")
    risks: int = Field(description="Number of risks.")
    sources: int = Field(description="Number of sources.")
    claims: int = Field(description="Number of claims.")
    guide_pages: int = Field(description="Number of pages of the patient guide.")
    emergencies: int = Field(description="Number of emergencies in the catalog.")


class CurrentLinks(ResponseModel):
    """Links of the current release."""

    self: Link
    releases: Link = Field(description="All releases.")
    notice: Link = Field(description="What this information is and is not.")


class CurrentReleaseOut(ResponseModel):
    """Release that all responses are based on."""

    version: str
    date: str = Field(description="RFC 3339 date; for a development version, the date of the previous release.")
    revision: str = Field(description="Hash of content and history; identical in every database.")
    development: bool = Field(description="The content was edited after the last release.")
    counts: RecordCounts = Field(description="Size of the content.")
    title: str = Field(description="Title of the release.")
    based_on: str | None = Field(description="Version of the last release; null: none yet.")
    license: License
    review: ContentReviewOut
    notice: TextWithLang
    links: CurrentLinks


class ChangeLinks(ResponseModel):
    """Link to the changed record."""

    record: str | None = Field(
        description="The changed record; null: it no longer exists, or the entity is not a record."
    )


class ChangeOut(ResponseModel):
    """Change of one field since the previous release."""

    entity: str = Field(description="Folder and slug, as in the seed.")
    type: str = Field(description="Type of the record, or of the other entity that changed.")
    slug: str | None = Field(description="Null: the entity is not a record.")
    name: str | None = Field(
        description="Name in the current release, or in the last release that contained the record; null: it has no name."
    )
    change: ChangeKind
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
