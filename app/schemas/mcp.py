"""Outputs of the MCP tools: the facts of the API in a short form, always with citations."""

from typing import Any

from pydantic import Field

from app.schemas.building_blocks import Ref, ResponseModel, ReviewOut, SourceRef
from app.schemas.claims import CertaintyOut, TypicalRelief
from app.schemas.records import NotFoundOut


class ReleaseRef(ResponseModel):
    """Release that the output is based on."""

    version: str
    date: str


class CitedSource(SourceRef):
    """Source with its URL."""

    url: str | None = Field(description="Its page; null: none is known.")


class ToolOutput(ResponseModel):
    """Fields of every tool output: the release, the notice that it is not medical advice, and the sources."""

    release: ReleaseRef
    notice: str
    sources: list[CitedSource] = Field(
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


class FoundClaim(CitedClaim):
    """Claim with the record that it is about."""

    subject: Ref


class RecordHit(ResponseModel):
    """Record that matches a query."""

    type: str
    slug: str
    name: str
    summary: str | None = Field(description="Summary, or the publisher of a source; null: the record has none.")
    reason: str = Field(description="Why the record matched.")
    safety: list[str] = Field(
        description="Serious harms, positions against and emergency signs of the record and its forms; say them with any benefit."
    )
    safety_sources: list[str] = Field(
        description="Slugs of sources of the serious harms and positions against, as they fit; `get` with a section has all."
    )
    sources: list[str] = Field(description="Slugs of the record's sources; at most two.")


class TreatmentRelation(ResponseModel):
    """What a procedure does, and a claim that says so."""

    role: str
    path: list[Ref] = Field(description="Path from the requested record to the record that the claim names.")
    claim: CitedClaim


class TreatmentHit(ResponseModel):
    """Procedure that diagnoses or treats the record."""

    slug: str
    name: str
    family: str
    safety: list[str] = Field(
        description="Forms, serious harms, positions against, contraindications and emergency signs of the procedure and its "
        "forms; say them when you name it."
    )
    safety_sources: list[str] = Field(
        description="Slugs of sources of the serious harms and positions against, as they fit; `get` with a section has all."
    )
    positions: dict[str, int] = Field(
        description="Number of positions of bodies on the procedure and its forms; `get` has them in the section `positions`."
    )
    typical_relief: list[TypicalRelief] = Field(description="Typical duration of relief; empty: unknown.")
    relations: list[TreatmentRelation] = Field(description="Nearest relation of each role that the request allows.")


class SignToCallFor(ResponseModel):
    """Sign for which to get help."""

    sign: str
    tier: str = Field(description="How soon: emergency, same_day, urgent_referral or routine.")


class ClassifiedSign(SignToCallFor):
    """Sign for which to get help, with what it can be a sign of."""

    emergencies: list[str] = Field(description="Slugs of the emergencies that it can be a sign of.")


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
    notices: list[EmergencyToMention] = Field(
        description="Emergencies that the query describes; mention these first. None here does not mean that there is none."
    )
    emergency_note: str = Field(description="What no search can rule out; never reassure.")
    suggestions: list[str] = Field(description="Names similar to a query that has no matches.")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class ClaimSection(ResponseModel):
    """Claims of one kind."""

    name: str
    claims: list[CitedClaim]


class PageText(ResponseModel):
    """Paragraph of a page of the guide."""

    heading: str
    text: str
    claims: list[str] = Field(description="Ids of the claims that support it.")


class GetOutput(ToolOutput):
    """Record: its harms, then what else is known, and what is unknown. In short unless sections are requested."""

    type: str
    slug: str
    name: str
    safety: list[str] = Field(
        description="Forms, serious harms, positions against, contraindications and emergency signs of the record and its "
        "forms; say them with any benefit."
    )
    safety_sources: list[str] = Field(
        description="Slugs of sources of the serious harms and positions against, as they fit; `get` with a section has all."
    )
    summary: str | None = Field(description="Null: the record has none.")
    contents: dict[str, int] = Field(
        description="Number of claims in each section; request sections by name to get all of them with their figures."
    )
    facts: dict[str, Any] = Field(
        description="Attributes of the record: family, intents, kind, body regions, year, design, etc."
    )
    review: ReviewOut | None = Field(description="Review by a clinician; null: claims and sources are not reviewed.")
    other_names: list[str] = Field(description="At most eight in the short form.")
    texts: list[PageText] = Field(description="Prose of a page of the guide.")
    sections: list[ClaimSection] = Field(description="Requested sections; in the short form the claims that fit.")
    forms: dict[str, Any] | None = Field(
        description="What the narrower forms state: count, records, and rows of risks, contraindications, warnings, "
        "recommendations and signs to call for, with claim ids. Null: not requested."
    )
    serious_risks: list[dict[str, Any]] | None = Field(
        description="Serious risks of a procedure and its forms with the worst figure; null: not requested."
    )
    positions: list[dict[str, Any]] | None = Field(
        description="Positions of bodies on a procedure and its forms, those against first; null: not requested."
    )
    when_to_call: list[ClassifiedSign] | None = Field(
        description="Signs for which to get help, the most urgent first; null: not requested."
    )
    unknown: list[str] = Field(description="Sections without any information.")
    not_found: list[NotFoundOut] = Field(description="Sections that were looked for without a result.")
    stated_on_forms: list[str] = Field(description="Sections for which only narrower forms have statements.")
    not_applicable: list[str]
    related: list[Ref] = Field(description="Related records; at most ten in the short form.")


class BroaderRecord(Ref):
    """Record that the requested one belongs to."""

    total: int = Field(description="Procedures that the same request for this record lists.")


class WhatTreatsOutput(ToolOutput):
    """Procedures that act on a pain generator or are used for a condition."""

    record: Ref
    broader: list[BroaderRecord] = Field(
        description="Broader records: what is stated for them is not repeated for this record; ask for them as well."
    )
    items: list[TreatmentHit]
    total: int
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class ComparedProcedure(Ref):
    """Procedure of a comparison."""

    safety: list[str] = Field(
        description="Forms, serious harms, positions against, contraindications and emergency signs of the procedure and its "
        "forms; say them with any benefit."
    )
    safety_sources: list[str] = Field(
        description="Slugs of sources of the serious harms and positions against, as they fit; `get` with a section has all."
    )


class ComparedValue(ResponseModel):
    text: str
    claims: list[str] = Field(description="Ids of the claims that state it; none: an attribute of the procedure.")


class ComparedCell(ResponseModel):
    """Values of one procedure in one row. `status` says if they are unknown."""

    status: str
    values: list[ComparedValue]
    more: int = Field(description="Number of values that did not fit; request the row alone, or `get` its section.")


class ComparedRow(ResponseModel):
    name: str
    label: str
    differs: bool
    cells: list[ComparedCell] = Field(description="One for each procedure, in their order.")


class ClaimSources(ResponseModel):
    claim: str
    sources: list[str]


class CompareOutput(ToolOutput):
    """Comparison of procedures, harms first. "No procedure" is also an option."""

    procedures: list[ComparedProcedure]
    rows: list[ComparedRow]
    unknown: list[str] = Field(description="Rows in which nothing is known of any of the procedures.")
    no_procedure: list[Ref] = Field(
        description="Conditions shared by all procedures; their records describe care without a procedure."
    )
    citations: list[ClaimSources] = Field(
        description="Sources of the claims, as they fit; `get` finds a claim by its id."
    )
    url: str = Field(description="The whole comparison.")


class ChangeSummary(ResponseModel):
    record: str
    name: str | None = Field(description="Null: the record no longer exists or has no name.")
    change: str
    text: str = Field(description="Field with its old and new value, in short.")
    sources: list[str]


class WhatChangedOutput(ToolOutput):
    """Changes of a release."""

    version: str
    total: int
    items: list[ChangeSummary] = Field(description="As many as fit a short answer.")
    url: str = Field(description="List of the changes with whole values.")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class ClaimsOutput(ToolOutput):
    """Claims that match a search, the best first."""

    items: list[FoundClaim]
    total: int
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class DisagreementsOutput(ToolOutput):
    """Questions that sources answer differently; both sides are given."""

    items: list[dict[str, Any]] = Field(
        description="Record, dimension of the disagreement, and its positions with the statements of their claims."
    )
    total: int
    next: str | None = Field(description="`cursor` of the next page; null: this is the last page.")


class TreatmentOption(ResponseModel):
    """Procedure that a source says treats or diagnoses the condition."""

    slug: str
    name: str
    family: str
    safety: list[str] = Field(description="Serious harms and positions against; say them when you name it.")
    safety_sources: list[str] = Field(description="Slugs of their sources, as they fit; `get` with a section has all.")
    claim: str = Field(description="Id of the claim that says so.")


class OptionsOutput(ToolOutput):
    """Options of a condition, those without a procedure first."""

    condition: Ref
    when_to_call: list[ClassifiedSign] = Field(
        description="Signs that need help, the most urgent first; mention them first."
    )
    without_procedure: list[CitedClaim] = Field(description="First-line care and natural course.")
    treats: list[TreatmentOption]
    diagnoses: list[TreatmentOption]
    related_by_structure: list[Ref] = Field(
        description="Procedures that reach the same structure; no source says that they treat the condition."
    )
    more: dict[str, int] = Field(description="Number of items of each list that did not fit.")
    url: str = Field(description="All options.")


class LookupCodeOutput(ToolOutput):
    """Records that codes of other organizations lead to."""

    items: list[dict[str, Any]] = Field(
        description="Each code with title, status, records (relation, origin) and, if unknown, what is near it."
    )
