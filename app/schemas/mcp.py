"""What the tools of /mcp answer: the same facts, short enough to be read by an assistant. Each answer cites."""

from typing import Any

from pydantic import Field

from app.schemas.building_blocks import Ref, Shown, SourceRef


class ReleaseNamed(Shown):
    """The release that an answer is of."""

    version: str
    date: str


class Told(Shown):
    """What every answer says: of which release it is, that it is no advice, and what it rests on."""

    release: ReleaseNamed
    notice: str
    sources: list[SourceRef] = Field(description="What the answer rests on, each once; claims name them by slug.")


class Cited(Shown):
    """A claim with its sources."""

    id: str = Field(description="Permanent id of the claim.")
    kind: str
    statement: str
    grade: str
    value: dict[str, Any] = Field(
        description="Figures and words of the claim; what the source does not say is left out."
    )
    qualifiers: dict[str, Any] = Field(description="For whom, with what, against what; what is not said is left out.")
    sources: list[str] = Field(description="Slugs of its sources.")


class FoundRecord(Shown):
    """A record that a query found."""

    type: str
    slug: str
    name: str
    summary: str | None = Field(description="Null: the record has none.")
    because: str = Field(description="Why it was found.")
    sources: list[str] = Field(description="Slugs of sources behind the record; at most five.")


class Treating(Shown):
    """A procedure that diagnoses or treats something."""

    slug: str
    name: str
    family: str
    role: str
    grade: str
    typical_relief: list[str] = Field(description="How long relief typically lasts; empty: unknown.")
    path: list[Ref] = Field(description="From what was asked for to what the claim names.")
    claim: Cited


class FindAnswer(Told):
    """Records that a query found."""

    items: list[FoundRecord]
    urgent: list[Cited] = Field(description="Red flags that the query describes: say these first.")
    suggestions: list[str] = Field(description="Names nearest to a query that found nothing.")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last.")


class Section(Shown):
    """Claims of one kind."""

    name: str
    claims: list[Cited]


class GetAnswer(Told):
    """A record: its sections, and what is not known."""

    type: str
    slug: str
    name: str
    other_names: list[str]
    summary: str | None = Field(description="Null: the record has none.")
    facts: dict[str, Any] = Field(
        description="What the record is: family, intents, kind, body regions, year, design, ..."
    )
    sections: list[Section]
    unknown: list[str] = Field(description="Sections of which nothing is known.")
    not_applicable: list[str]
    related: list[Ref]


class WhatTreatsAnswer(Told):
    """Procedures that act on a pain generator or are used for a condition."""

    target: Ref
    items: list[Treating]
    total: int
    next: str | None = Field(description="`cursor` of the next page; null: this is the last.")


class ComparedCell(Shown):
    """What one procedure has in one row. Unknown is said."""

    procedure: str
    status: str
    values: list[str]
    claims: list[str]


class ComparedRow(Shown):
    name: str
    label: str
    differs: bool
    cells: list[ComparedCell]


class ClaimSources(Shown):
    claim: str
    sources: list[str]


class CompareAnswer(Told):
    """Procedures side by side. No procedure is an option too."""

    procedures: list[Ref]
    rows: list[ComparedRow]
    no_procedure: list[Ref] = Field(description="Conditions shared by all: their records tell the way without one.")
    citations: list[ClaimSources]


class ChangeTold(Shown):
    record: str
    name: str | None = Field(description="Null: the record is gone or has none.")
    change: str
    field: str = Field(description="JSON pointer; empty: the whole record.")
    old: str | None = Field(description="Null: there was none.")
    new: str | None = Field(description="Null: there is none.")
    sources: list[str]


class WhatChangedAnswer(Told):
    """What a release changed."""

    version: str
    total: int
    items: list[ChangeTold]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last.")
