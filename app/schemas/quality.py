"""Quality of the content, and disagreements between sources."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import Intent, OpenEnum
from app.schemas.building_blocks import Design, Position, Ref, ResponseModel, SelfLink

Share = Annotated[float, Field(ge=0, le=1)]


class ReadabilityGrade(ResponseModel):
    """US school grade of the patient texts (all texts except the clinical one), by two formulas."""

    flesch_kincaid: float | None = Field(description="Null: there is no patient text.")
    automated_readability: float | None = Field(description="Null: there is no patient text.")


class QualityMetrics(ResponseModel):
    """Figures about the claims."""

    claims: int = Field(description="Number of claims.")
    patient_education: Share | None = Field(
        description="Share of claims that rest on patient education alone; null: there are no claims."
    )
    commercial: Share | None = Field(
        description="Share of claims from commercial sources alone; null: there are no claims."
    )
    with_figures: Share | None = Field(description="Share of claims with a number; null: there are no claims.")
    oldest_source: int | None = Field(description="Year of the oldest source; null: no source states a year.")


class DesignShare(ResponseModel):
    """Claims that cite a source of one kind."""

    design: Design
    claims: int = Field(description="Number of claims. A claim with sources of several kinds counts for each.")
    share: Share = Field(description="Share of all claims.")


class SourceQuality(ResponseModel):
    """Figures about the cited sources. Published are guidelines, reviews and studies."""

    published: int = Field(description="Number of published sources that are cited.")
    with_identifier: Share | None = Field(
        description="Share of the published sources with a DOI, a PubMed id or a number of the body; null: there are none."
    )
    with_year: Share | None = Field(description="Share of the published sources with a year; null: there are none.")
    with_authors: Share | None = Field(
        description="Share of the published sources that name authors, or of a guideline the body; null: there are none."
    )
    citations: int = Field(description="Number of citations.")
    with_locator: Share | None = Field(
        description="Share of citations that name a section, page or table; null: there are no citations."
    )
    from_published: Share | None = Field(
        description="Share of claims that cite a published source; null: there are no claims."
    )
    claims_resting_on_education_or_policy_alone: Share | None = Field(
        description="Of the claims of effect, relief, harm, contraindication, bleeding or recommendation, the share that"
        " cite nothing but patient education or coverage policies; null: there are none."
    )
    claims_by_design: list[DesignShare] = Field(description="Claims for each kind of source that is cited.")


class OverallQuality(QualityMetrics):
    """Figures for the whole content."""

    records: int = Field(description="Number of records.")
    sources: SourceQuality
    reading_grade: ReadabilityGrade = Field(description="Median over the records with patient texts.")


class RecordQuality(QualityMetrics):
    """Quality of one record."""

    record: Ref
    reading_grade: ReadabilityGrade = Field(description="School grade of its patient texts.")
    unknown_blocks: list[str] = Field(description="Names of the blocks without cited information.")
    texts: list[str] = Field(description="Names of the texts that exist.")
    links: SelfLink


class ContentGaps(ResponseModel):
    """Records without a cited link to others."""

    conditions_without_generator: list[Ref] = Field(description="Conditions that no claim links to a pain generator.")
    conditions_without_procedure: list[Ref] = Field(description="Conditions that no claim links to a procedure.")
    procedures_without_target: list[Ref] = Field(description="Procedures without a target.")
    procedures_without_typical_relief: list[Ref] = Field(description="Procedures without a typical duration of relief.")


class Quality(ResponseModel):
    """Quality of the whole content and of each record."""

    overall: OverallQuality = Field(description="The whole content.")
    gaps: ContentGaps = Field(description="Records without links to others.")
    records: list[RecordQuality] = Field(description="Figures for each record.")


class ClaimSummary(ResponseModel):
    """Claim on one side of a disagreement."""

    id: str = Field(description="Permanent id.")
    subject: Ref
    statement: str
    design: Design
    year: int | None = Field(description="Null: not stated.")
    population: str | None = Field(description="Null: not stated.")
    comparator: str | None = Field(description="Null: none, or not stated.")
    links: SelfLink


class EstimateDisagreement(ResponseModel):
    """Estimates of independent sources on the same question that have no duration in common."""

    procedure: Ref
    intent: Intent = Field(description="Whether the relief is from a test block or from a treatment.")
    measure: Annotated[str, OpenEnum(vocabulary.MEASURES)] = Field(description="What was measured.")
    definition: Literal["defined", "not defined"] = Field(
        description="Whether the sources define what counts as relief."
    )
    ratio: float = Field(description="Start of the longest estimate divided by the end of the shortest.")
    shortest: ClaimSummary = Field(description="Claim with the shortest estimate.")
    longest: ClaimSummary = Field(description="Claim with the longest estimate.")
    estimates: list[str] = Field(description="Ids of all claims compared.")


class ContradictionPosition(ResponseModel):
    """Position, with the claims that take it."""

    position: Position
    claims: list[ClaimSummary] = Field(description="Claims that take this position.")


class Contradiction(ResponseModel):
    """Bodies or studies that answer the same question in opposite ways."""

    record: Ref
    claim_kind: Literal["recommendation", "finding"] = Field(description="Kind of the claims that disagree.")
    dimension: str = Field(description="In what the sources differ, as text.")
    positions: list[ContradictionPosition] = Field(description="Positions taken.")


class Disagreements(ResponseModel):
    """Disagreements between sources."""

    estimates: list[EstimateDisagreement] = Field(description="Estimates of relief that differ.")
    contradictions: list[Contradiction] = Field(description="Recommendations and findings that contradict each other.")
