"""Quality of the content, and disagreements between sources."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import Intent, OpenEnum
from app.schemas.building_blocks import Design, Ref, ResponseModel, SelfLink

Share = Annotated[float, Field(ge=0, le=1)]


class ReadabilityGrade(ResponseModel):
    """US school grade of the patient texts (all texts except the clinical one), by two formulas."""

    flesch_kincaid: float | None = Field(description="Null: there is no patient text.")
    automated_readability: float | None = Field(description="Null: there is no patient text.")


class QualityMetrics(ResponseModel):
    claims: int
    better_than_patient_education: Share | None = Field(description="Share of claims; null: there are no claims.")
    commercial: Share | None = Field(description="Share of claims from commercial sources; null: there are no claims.")
    with_figures: Share | None = Field(description="Share of claims with a number; null: there are no claims.")
    oldest_source: int | None = Field(description="Year of the oldest source; null: no source states a year.")


class Overall(QualityMetrics):
    records: int
    reading_grade: ReadabilityGrade = Field(description="Median over the records with patient texts.")


class RecordQuality(QualityMetrics):
    """Quality of one record."""

    record: Ref
    reading_grade: ReadabilityGrade
    unknown_blocks: list[str]
    texts: list[str] = Field(description="Names of the texts that exist.")
    links: SelfLink


class Gaps(ResponseModel):
    """Records without a cited link to others."""

    conditions_without_generator: list[Ref]
    conditions_without_procedure: list[Ref]
    procedures_without_target: list[Ref]
    procedures_without_typical_relief: list[Ref]


class Quality(ResponseModel):
    """Quality of the whole content and of each record."""

    overall: Overall
    gaps: Gaps
    records: list[RecordQuality]


class ClaimSummary(ResponseModel):
    """Claim on one side of a disagreement."""

    id: str
    subject: Ref
    statement: str
    design: Design
    year: int | None = Field(description="Null: not stated.")
    population: str | None = Field(description="Null: not stated.")
    comparator: str | None = Field(description="Null: none, or not stated.")
    links: SelfLink


class EstimateDisagreement(ResponseModel):
    """Conflicting estimates for the same procedure, intent, measure and definition status."""

    procedure: Ref
    intent: Intent
    measure: Annotated[str, OpenEnum(vocabulary.MEASURES)]
    definition: Literal["defined", "not defined"] = Field(
        description="Whether the sources define what counts as relief."
    )
    ratio: float = Field(description="Longest estimate divided by shortest, both in days.")
    shortest: ClaimSummary
    longest: ClaimSummary
    estimates: list[str]


class ContradictionPosition(ResponseModel):
    position: str = Field(
        description="Position of a recommendation, or direction of a finding.",
        json_schema_extra={"x-extensible-enum": [*vocabulary.POSITIONS, *vocabulary.DIRECTIONS]},
    )
    claims: list[ClaimSummary]


class Contradiction(ResponseModel):
    """Bodies or studies that contradict each other. A broader record includes its narrower ones."""

    record: Ref
    claim_kind: Literal["recommendation", "finding"]
    dimension: str = Field(description="In what the sources differ, as text.")
    positions: list[ContradictionPosition]


class Disagreements(ResponseModel):
    """Disagreements between sources."""

    estimates: list[EstimateDisagreement]
    contradictions: list[Contradiction]
