"""Outputs of the MCP tools: the facts of the API in a short form, always with citations."""

from typing import Any

from pydantic import Field

from app.schemas.building_blocks import Ref, ResponseModel, ReviewOut, SourceRef
from app.schemas.claims import CertaintyOut, TypicalRelief
from app.schemas.records import NotFoundOut, RecordedPosition


class ReleaseRef(ResponseModel):
    """Release that the output is based on."""

    version: str
    date: str


class ToolOutput(ResponseModel):
    """Fields of every tool output: the release, the notice that it is not medical advice, and the sources."""

    release: ReleaseRef
    notice: str
    sources: list[SourceRef] = Field(
        description="Sources of the output, each listed once; claims refer to them by slug."
    )


class CitedClaim(ResponseModel):
    """Claim with its sources."""

    id: str = Field(description="Permanent id of the claim.")
    kind: str
    statement: str
    commercial: bool = Field(description="It rests on a maker's or a practice's own words alone.")
    certainty: CertaintyOut | None = Field(
        description="Certainty that a review or a guideline states for an outcome; null: none is stated."
    )
    value: dict[str, Any] = Field(description="Figures and text of the claim; unstated fields are omitted.")
    qualifiers: dict[str, Any] = Field(
        description="Population, technique, comparator, etc.; unstated fields are omitted."
    )
    sources: list[str] = Field(description="Slugs of its sources.")


class RecordHit(ResponseModel):
    """Record that matches a query."""

    type: str
    slug: str
    name: str
    summary: str | None = Field(description="Summary, or the publisher of a source; null: the record has none.")
    reason: str = Field(description="Why the record matched.")
    sources: list[str] = Field(description="Slugs of the record's sources; at most five.")


class TreatmentRelation(ResponseModel):
    """What a procedure does, and a claim that says so."""

    role: str
    path: list[Ref] = Field(description="Path from the requested record to the record that the claim names.")
    claim: CitedClaim


class CitedPosition(RecordedPosition):
    """Position of a body with its sources."""

    sources: list[str] = Field(description="Slugs of its sources.")


class TreatmentHit(ResponseModel):
    """Procedure that diagnoses or treats the record."""

    slug: str
    name: str
    family: str
    serious_risks: list[dict[str, Any]] = Field(
        description="Serious risks of the procedure and its forms with the worst figure; say them when you name it."
    )
    positions: list[CitedPosition] = Field(
        description="Positions of bodies on the procedure and its forms; say those against it when you name it."
    )
    typical_relief: list[TypicalRelief] = Field(description="Typical duration of relief; empty: unknown.")
    relations: list[TreatmentRelation] = Field(description="Nearest relation of each role that the request allows.")


class SignToCallFor(ResponseModel):
    """Sign for which to get help."""

    sign: str
    tier: str = Field(description="How soon: emergency, same_day, urgent_referral or routine.")


class EmergencyToMention(ResponseModel):
    """Emergency that a query describes."""

    emergency: str = Field(description="Slug of the emergency.")
    name: str
    tier: str = Field(description="How soon to get help for what the query describes.")
    action: str = Field(description="What to do.")
    signs: list[SignToCallFor] = Field(description="Its signs, the most urgent first.")
    claims: list[str] = Field(description="Ids of the claims that state the signs.")
    sources: list[str] = Field(description="Slugs of their sources.")


class FindOutput(ToolOutput):
    """Records that match a query."""

    items: list[RecordHit]
    notices: list[EmergencyToMention] = Field(description="Emergencies that the query describes; mention these first.")
    suggestions: list[str] = Field(description="Names similar to a query that has no matches.")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class ClaimSection(ResponseModel):
    """Claims of one kind."""

    name: str
    claims: list[CitedClaim]


class GetOutput(ToolOutput):
    """Record with its sections and a list of the unknown ones."""

    type: str
    slug: str
    name: str
    other_names: list[str]
    summary: str | None = Field(description="Null: the record has none.")
    review: ReviewOut | None = Field(description="Review by a clinician; null: claims and sources are not reviewed.")
    facts: dict[str, Any] = Field(
        description="Attributes of the record: family, intents, kind, body regions, year, design, etc."
    )
    when_to_call: list[SignToCallFor] = Field(
        description="Signs for which to get help, the most urgent first; mention the emergencies whenever you mention a benefit."
    )
    forms: dict[str, Any] = Field(
        description="What the narrower forms of the record state: count, records, and in rows their risks, contraindications, "
        "safety warnings, recommendations and signs to call for; claims by id. Empty: it has none."
    )
    serious_risks: list[dict[str, Any]] = Field(
        description="Serious risks of a procedure and its forms with the worst figure; say these with any benefit."
    )
    positions: list[dict[str, Any]] = Field(
        description="Positions of bodies on a procedure and its forms, those against first; say these with any benefit."
    )
    sections: list[ClaimSection]
    unknown: list[str] = Field(description="Sections without any information.")
    not_found: list[NotFoundOut] = Field(description="Sections that were looked for without a result.")
    stated_on_forms: list[str] = Field(description="Sections for which only narrower forms have statements.")
    not_applicable: list[str]
    related: list[Ref]


class WhatTreatsOutput(ToolOutput):
    """Procedures that act on a pain generator or are used for a condition."""

    record: Ref
    items: list[TreatmentHit]
    total: int
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class ComparedCell(ResponseModel):
    """Values of one procedure in one row. `status` says if they are unknown."""

    procedure: str
    status: str
    values: list[str]
    claims: list[str]


class ComparedRow(ResponseModel):
    name: str
    label: str
    differs: bool
    cells: list[ComparedCell]


class ClaimSources(ResponseModel):
    claim: str
    sources: list[str]


class CompareOutput(ToolOutput):
    """Comparison of procedures. "No procedure" is also an option."""

    procedures: list[Ref]
    rows: list[ComparedRow]
    no_procedure: list[Ref] = Field(
        description="Conditions shared by all procedures; their records describe care without a procedure."
    )
    citations: list[ClaimSources]


class ChangeSummary(ResponseModel):
    record: str
    name: str | None = Field(description="Null: the record no longer exists or has no name.")
    change: str
    field: str = Field(description="JSON pointer; empty: the whole record.")
    old: str | None = Field(description="Null: there was none.")
    new: str | None = Field(description="Null: there is none.")
    sources: list[str]


class WhatChangedOutput(ToolOutput):
    """Changes of a release."""

    version: str
    total: int
    items: list[ChangeSummary]
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")
