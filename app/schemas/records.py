"""Record responses: summaries for lists and full details."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import BodyRegion, Intent, OpenEnum, TargetRole
from app.schemas.building_blocks import (
    Block,
    Design,
    Family,
    Grade,
    Lang,
    License,
    Link,
    NameOut,
    RecordLinks,
    Ref,
    ResponseModel,
    ReviewOut,
    SelfLink,
    SourceRef,
    TextOut,
    TextWithLang,
    TypicalRelief,
)
from app.schemas.claims import (
    ClaimMention,
    ClaimOut,
    CoverageClaimOut,
    EvidenceGradeClaimOut,
    FindingClaimOut,
    IndicationClaimOut,
    OnsetClaimOut,
    ProcedureRiskClaimOut,
    RecommendationClaimOut,
    ReliefDurationClaimOut,
    ResponseRateClaimOut,
    StatementClaimOut,
    TargetClaimOut,
)


class ProcedureSummary(ResponseModel):
    """Procedure in a list."""

    slug: str
    name: str
    type: Literal["procedure"]
    summary: str | None = Field(description="Summary for patients; null: no cited claim supports a summary yet.")
    family: Family
    intents: list[Intent]
    implant: bool = Field(description="The procedure leaves a device or material in the body on purpose.")
    body_regions: list[BodyRegion]
    typical_relief: Block[TypicalRelief]
    review: ReviewOut
    last_changed_in: str = Field(description="Version of the release in which the record last changed.")
    links: RecordLinks


class ConditionSummary(ResponseModel):
    """Condition in a list."""

    slug: str
    name: str
    type: Literal["condition"]
    summary: str | None = Field(description="Summary for patients; null: no cited claim supports a summary yet.")
    stub: bool = Field(description="The sources name the condition but do not describe it.")
    body_regions: list[BodyRegion]
    review: ReviewOut
    last_changed_in: str
    links: RecordLinks


class PainGeneratorSummary(ResponseModel):
    """Pain generator in a list."""

    slug: str
    name: str
    type: Literal["pain_generator"]
    summary: str | None = Field(description="Summary for patients; null: no cited claim supports a summary yet.")
    kind: Annotated[str, OpenEnum(vocabulary.GENERATOR_KINDS)]
    body_regions: list[BodyRegion]
    review: ReviewOut
    last_changed_in: str
    links: RecordLinks


class RiskSummary(ResponseModel):
    """Risk in the catalog list."""

    slug: str
    name: str
    type: Literal["risk"]
    summary: str
    lay_name: str
    category: Annotated[str, OpenEnum(vocabulary.RISK_CATEGORIES)]
    review: ReviewOut
    last_changed_in: str
    links: RecordLinks


class SourceSummary(ResponseModel):
    """Source in a list."""

    slug: str
    name: str
    design: Design
    year: int | None = Field(description="Year of publication; null: not stated.")
    commercial: bool
    type: Literal["source"]
    publisher: str | None = Field(description="Null: not stated.")
    status: Annotated[str, OpenEnum(vocabulary.SOURCE_STATUSES)]
    url: str | None = Field(description="URL where the source was read; null: not stated.")
    doi: str | None = Field(description="Null: no DOI is known.")
    note: str | None = Field(description="Caveat about the source; null: none.")
    claim_count: int = Field(description="Number of claims that cite the source.")
    last_changed_in: str
    links: RecordLinks


class LookupRelation(ResponseModel):
    """Relation that puts a procedure in a look-up."""

    role: Annotated[str, Field(json_schema_extra={"x-extensible-enum": ["diagnoses", "treats", "has_risk"]})]
    grade: Grade
    claim: str = Field(description="Id of the best supported claim for this relation.")
    path: list[Ref] = Field(description="Path from the requested record to the record that the claim names.")


class ProcedureLookupEntry(ProcedureSummary):
    """Procedure in a look-up, with the relations that put it there."""

    relations: list[LookupRelation] = Field(
        description="At least one. First those to the requested record, then those to narrower ones; the best grade first."
    )


class ProcedureTexts(ResponseModel):
    key_messages: Block[TextOut]
    summary: Block[TextOut]
    clinical: Block[TextOut]
    what_happens: Block[TextOut]
    preparation: Block[TextOut]
    afterwards: Block[TextOut]
    when_to_call: Block[TextOut]


class ConditionTexts(ResponseModel):
    key_messages: Block[TextOut]
    summary: Block[TextOut]
    clinical: Block[TextOut]
    when_to_call: Block[TextOut]


class PainGeneratorTexts(ResponseModel):
    key_messages: Block[TextOut]
    summary: Block[TextOut]
    clinical: Block[TextOut]


class RelatedProcedure(ResponseModel):
    """Relation of this procedure to another."""

    type: Annotated[str, OpenEnum(vocabulary.RELATIONS)]
    procedure: Ref
    claims: list[str]
    reason: str


class RelatedProcedures(ResponseModel):
    procedures: Block[RelatedProcedure]
    broader: Block[Ref]
    narrower: Block[Ref]


class Hierarchy(ResponseModel):
    broader: Block[Ref]
    narrower: Block[Ref]


class ConflictPosition(ResponseModel):
    """Position of some of the sources, with their claims."""

    position: str = Field(
        description="Position of a recommendation, or direction of a finding.",
        json_schema_extra={"x-extensible-enum": [*vocabulary.POSITIONS, *vocabulary.DIRECTIONS]},
    )
    claims: list[str]


class Conflict(ResponseModel):
    """Disagreement between sources: their positions and the dimension in which they differ. Figures are not averaged."""

    claim_kind: Literal["recommendation", "finding"]
    dimension: str = Field(description="In what the sources differ, as text.")
    positions: list[ConflictPosition]


class Provenance(ResponseModel):
    """Authors, funding, update policy and version of the content."""

    authors: str
    funding: str
    update_policy: str
    version: str
    last_changed_in: str


class GuideRef(ResponseModel):
    type: Literal["guide_page"]
    slug: str
    name: str
    links: SelfLink


class ProcedureDetail(ProcedureSummary):
    """Full procedure. Every block is known, unknown or not applicable."""

    names: list[NameOut]
    texts: ProcedureTexts
    sites: Block[StatementClaimOut]
    targets: Block[TargetClaimOut]
    indications: Block[IndicationClaimOut]
    risks: Block[ProcedureRiskClaimOut]
    relief_durations: Block[ReliefDurationClaimOut]
    onsets: Block[OnsetClaimOut]
    response_rates: Block[ResponseRateClaimOut]
    findings: Block[FindingClaimOut]
    recommendations: Block[RecommendationClaimOut]
    evidence_grades: Block[EvidenceGradeClaimOut]
    coverage: Block[CoverageClaimOut]
    contraindications: Block[StatementClaimOut]
    prerequisites: Block[StatementClaimOut]
    repeat_limits: Block[StatementClaimOut]
    trial_periods: Block[StatementClaimOut]
    device_longevity: Block[StatementClaimOut]
    guidance: Block[StatementClaimOut]
    anaesthesia: Block[StatementClaimOut]
    settings: Block[StatementClaimOut]
    procedure_times: Block[StatementClaimOut]
    recovery: Block[StatementClaimOut]
    mechanisms: Block[StatementClaimOut]
    diagnostic_accuracy: Block[StatementClaimOut]
    prevalences: Block[StatementClaimOut]
    source_names: Block[StatementClaimOut]
    codes: Block[StatementClaimOut]
    related: RelatedProcedures
    conflicts: Block[Conflict]
    journey: GuideRef
    sources: list[SourceRef]
    licence: License
    provenance: Provenance
    notice: TextWithLang


class LinkedRecord(ResponseModel):
    """Record linked to this one by claims."""

    record: Ref
    grade: Grade
    claims: list[str]


class LinkedProcedure(ResponseModel):
    """Procedure linked to this record by target or indication claims."""

    procedure: Ref
    role: TargetRole
    grade: Grade
    claim: str
    claims: list[str]


class ConditionDetail(ConditionSummary):
    """Full condition."""

    names: list[NameOut]
    texts: ConditionTexts
    definitions: Block[StatementClaimOut]
    symptoms: Block[StatementClaimOut]
    red_flags: Block[StatementClaimOut]
    arises_from: Block[StatementClaimOut]
    causes: Block[StatementClaimOut]
    prevalences: Block[StatementClaimOut]
    incidences: Block[StatementClaimOut]
    natural_courses: Block[StatementClaimOut]
    first_line_care: Block[StatementClaimOut]
    reference_tests: Block[StatementClaimOut]
    findings: Block[FindingClaimOut]
    recommendations: Block[RecommendationClaimOut]
    evidence_grades: Block[EvidenceGradeClaimOut]
    coverage: Block[CoverageClaimOut]
    mechanisms: Block[StatementClaimOut]
    diagnostic_accuracy: Block[StatementClaimOut]
    prerequisites: Block[StatementClaimOut]
    codes: Block[StatementClaimOut]
    pain_generators: Block[LinkedRecord]
    caused_by: Block[LinkedRecord]
    procedures: Block[LinkedProcedure]
    related: Hierarchy
    sources: list[SourceRef]
    licence: License
    provenance: Provenance
    notice: TextWithLang


class PainGeneratorDetail(PainGeneratorSummary):
    """Full pain generator."""

    names: list[NameOut]
    texts: PainGeneratorTexts
    definitions: Block[StatementClaimOut]
    arises_from: Block[StatementClaimOut]
    shares_of_pain: Block[StatementClaimOut]
    referral_patterns: Block[StatementClaimOut]
    reference_tests: Block[StatementClaimOut]
    diagnostic_accuracy: Block[StatementClaimOut]
    findings: Block[FindingClaimOut]
    recommendations: Block[RecommendationClaimOut]
    evidence_grades: Block[EvidenceGradeClaimOut]
    coverage: Block[CoverageClaimOut]
    mechanisms: Block[StatementClaimOut]
    prevalences: Block[StatementClaimOut]
    codes: Block[StatementClaimOut]
    conditions: Block[LinkedRecord]
    procedures: Block[LinkedProcedure]
    related: Hierarchy
    sources: list[SourceRef]
    licence: License
    provenance: Provenance
    notice: TextWithLang


class RiskDetail(RiskSummary):
    """Full risk, with every figure that the sources state."""

    names: list[NameOut]
    observations: Block[ProcedureRiskClaimOut]
    licence: License
    notice: TextWithLang


class SourceDetail(SourceSummary):
    """Full source, with the claims that cite it."""

    claims: Block[ClaimMention]


class GuideSummary(ResponseModel):
    """Page of the patient guide in a list."""

    slug: str
    name: str
    type: Literal["guide_page"]
    summary: str
    review: ReviewOut
    last_changed_in: str
    links: RecordLinks


class GuideItemOut(ResponseModel):
    heading: str
    text: str
    lang: Lang
    claims: list[str]


class GuidePageDetail(GuideSummary):
    """Full page of the patient guide, with its supporting claims."""

    summary_claims: list[str] = Field(description="Ids of the claims that support the summary.")
    items: list[GuideItemOut]
    claims: list[ClaimOut]
    sources: list[SourceRef]
    licence: License
    notice: TextWithLang


class TargetEdge(ResponseModel):
    """Pain generator that a procedure diagnoses or treats."""

    procedure: Ref
    pain_generator: Ref
    role: TargetRole
    grade: Grade
    support: Annotated[str, OpenEnum(vocabulary.SUPPORTS)]
    claim: str
    claims: list[str]
    links: SelfLink


class MatrixCellOut(ResponseModel):
    """Filled cell of the matrix."""

    procedure: str = Field(description="Slug of the row.")
    pain_generator: str = Field(description="Slug of the column.")
    role: TargetRole
    grade: Grade
    claim: str


class Matrix(ResponseModel):
    """Matrix of procedures and pain generators, for a heat map. A missing cell means unknown, not excluded."""

    procedures: list[Ref]
    pain_generators: list[Ref]
    cells: list[MatrixCellOut]


class EdgeSummary(ResponseModel):
    role: TargetRole
    grade: Grade
    claim: str


class RiskRate(ResponseModel):
    """Risk with the figures of one claim."""

    risk: Ref
    observed: int | None = Field(description="Events counted; null: not given.")
    n: int | None = Field(description="Denominator; null: not given.")
    percent_min: float | None = Field(description="Null: not given.")
    percent_max: float | None = Field(description="Null: not given.")
    per: str | None = Field(description="What is counted; null: not stated.")
    timeframe: str | None = Field(description="Period of observation; null: not stated.")
    claim: str


class CareOption(ResponseModel):
    """Procedure as an option in the care pathway."""

    procedure: Ref
    family: Family
    summary: str | None = Field(description="Summary for patients; null: none yet.")
    typical_relief: Block[TypicalRelief]
    edge: EdgeSummary
    indicated: Block[EdgeSummary] = Field(description="Cited indication for this exact condition.")
    rated_risks: Block[RiskRate]
    links: RecordLinks


class GeneratorOptions(ResponseModel):
    """Procedures that confirm or treat a pain generator."""

    pain_generator: Ref
    grade: Grade
    claims: list[str]
    confirms: Block[CareOption]
    treats: Block[CareOption]


class NonProceduralCare(ResponseModel):
    """Care without a procedure."""

    first_line_care: Block[StatementClaimOut]
    natural_course: Block[StatementClaimOut]


class FamilyRankOut(ResponseModel):
    family: Family
    reason: str


class OptionOrder(ResponseModel):
    rule: str
    families: list[FamilyRankOut]


class OptionLinks(ResponseModel):
    self: Link
    condition: Link
    html: Link


class ConditionOptions(ResponseModel):
    """Care pathway for a condition."""

    condition: Ref
    red_flags: Block[StatementClaimOut]
    no_procedure: NonProceduralCare
    pain_generators: Block[GeneratorOptions]
    other_procedures: Block[CareOption] = Field(
        description="Indicated procedures that no cited claim links through a pain generator."
    )
    order: OptionOrder
    review: ReviewOut
    notice: TextWithLang
    links: OptionLinks
