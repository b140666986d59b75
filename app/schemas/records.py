"""Records as they are shown: in lists (summaries) and in full (details)."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import Among, TargetRole
from app.schemas.building_blocks import (
    BodyRegion,
    Design,
    Family,
    Grade,
    Intent,
    Known,
    Lang,
    Licence,
    Link,
    Name,
    RecordLinks,
    Ref,
    Review,
    SelfLink,
    Shown,
    SourceRef,
    Text,
    TextWithLang,
    TypicalRelief,
)
from app.schemas.claims import (
    Claim,
    ClaimMention,
    CoverageClaim,
    EvidenceGradeClaim,
    FindingClaim,
    IndicationClaim,
    OnsetClaim,
    ProcedureRiskClaim,
    RecommendationClaim,
    ReliefDurationClaim,
    ResponseRateClaim,
    StatementClaim,
    TargetClaim,
)


class ProcedureSummary(Shown):
    """A procedure in a list."""

    slug: str
    name: str
    type: Literal["procedure"]
    summary: str | None = Field(description="For patients; null: no cited claim carries one yet.")
    family: Family
    intents: list[Intent]
    implant: bool = Field(description="Something stays in the body on purpose.")
    body_regions: list[BodyRegion]
    typical_relief: Known[TypicalRelief]
    review: Review
    updated_in: str = Field(description="Version of the release in which the record last changed.")
    links: RecordLinks


class ConditionSummary(Shown):
    """A condition in a list."""

    slug: str
    name: str
    type: Literal["condition"]
    summary: str | None = Field(description="For patients; null: no cited claim carries one yet.")
    stub: bool = Field(description="The evidence names it and does not describe it.")
    body_regions: list[BodyRegion]
    review: Review
    updated_in: str
    links: RecordLinks


class PainGeneratorSummary(Shown):
    """A pain generator in a list."""

    slug: str
    name: str
    type: Literal["pain_generator"]
    summary: str | None = Field(description="For patients; null: no cited claim carries one yet.")
    kind: Annotated[str, Among(vocabulary.GENERATOR_KINDS)]
    body_regions: list[BodyRegion]
    review: Review
    updated_in: str
    links: RecordLinks


class RiskSummary(Shown):
    """A risk of the catalogue in a list."""

    slug: str
    name: str
    type: Literal["risk"]
    summary: str
    lay_name: str
    category: Annotated[str, Among(vocabulary.RISK_CATEGORIES)]
    review: Review
    updated_in: str
    links: RecordLinks


class SourceSummary(Shown):
    """A source in a list."""

    slug: str
    name: str
    design: Design
    year: int | None = Field(description="Year of publication; null: not stated.")
    commercial: bool
    type: Literal["source"]
    summary: str | None = Field(description="The publisher; null: not stated.")
    publisher: str | None = Field(description="Null: not stated.")
    status: Annotated[str, Among(vocabulary.SOURCE_STATUSES)]
    url: str | None = Field(description="Where it was read; null: not stated.")
    doi: str | None = Field(description="Null: none known.")
    note: str | None = Field(description="What a reader must know of it; null: nothing.")
    claims: int = Field(description="Claims that rest on it.")
    updated_in: str
    links: RecordLinks


class Edge(Shown):
    """Why a procedure stands in a look-up."""

    role: Annotated[str, Field(json_schema_extra={"x-extensible-enum": ["diagnoses", "treats", "carries"]})]
    grade: Grade
    claim: str = Field(description="Id of the best supported claim of this edge.")
    path: list[Ref] = Field(description="From the record asked for to the one that the claim names.")


class ProcedureByEdge(ProcedureSummary):
    """A procedure of a look-up, with the edge that puts it there."""

    edge: Edge


class ProcedureTexts(Shown):
    key_messages: Known[Text]
    summary: Known[Text]
    clinical: Known[Text]
    what_happens: Known[Text]
    preparation: Known[Text]
    afterwards: Known[Text]
    when_to_call: Known[Text]


class ConditionTexts(Shown):
    key_messages: Known[Text]
    summary: Known[Text]
    clinical: Known[Text]
    when_to_call: Known[Text]


class PainGeneratorTexts(Shown):
    key_messages: Known[Text]
    summary: Known[Text]
    clinical: Known[Text]


class RelatedProcedure(Shown):
    """How this procedure stands to another."""

    type: Annotated[str, Among(vocabulary.RELATIONS)]
    procedure: Ref
    claims: list[str]
    reason: str


class RelatedProcedures(Shown):
    procedures: Known[RelatedProcedure]
    broader: Known[Ref]
    narrower: Known[Ref]


class Hierarchy(Shown):
    broader: Known[Ref]
    narrower: Known[Ref]


class ConflictSide(Shown):
    position: str
    claims: list[str]


class Conflict(Shown):
    """Where sources part: each side by its claims, with the axis of disagreement. No blended figure."""

    about: Literal["recommendation", "finding"]
    axis: str
    sides: list[ConflictSide]


class Provenance(Shown):
    """Who wrote this, who paid, how it is kept up to date, and of which state it is."""

    authors: str
    funding: str
    update_policy: str
    version: str
    updated_in: str


class GuideRef(Shown):
    type: Literal["guide_page"]
    slug: str
    name: str
    links: SelfLink


class ProcedureDetail(ProcedureSummary):
    """A procedure in full. Every block is known, unknown or not applicable."""

    names: list[Name]
    texts: ProcedureTexts
    sites: Known[StatementClaim]
    targets: Known[TargetClaim]
    indications: Known[IndicationClaim]
    risks: Known[ProcedureRiskClaim]
    relief_durations: Known[ReliefDurationClaim]
    onsets: Known[OnsetClaim]
    response_rates: Known[ResponseRateClaim]
    findings: Known[FindingClaim]
    recommendations: Known[RecommendationClaim]
    evidence_grades: Known[EvidenceGradeClaim]
    coverage: Known[CoverageClaim]
    contraindications: Known[StatementClaim]
    prerequisites: Known[StatementClaim]
    repeat_limits: Known[StatementClaim]
    trial_periods: Known[StatementClaim]
    device_longevity: Known[StatementClaim]
    guidance: Known[StatementClaim]
    anaesthesia: Known[StatementClaim]
    settings: Known[StatementClaim]
    procedure_times: Known[StatementClaim]
    recovery: Known[StatementClaim]
    mechanisms: Known[StatementClaim]
    diagnostic_accuracy: Known[StatementClaim]
    prevalences: Known[StatementClaim]
    names_in_sources: Known[StatementClaim]
    codes: Known[StatementClaim]
    related: RelatedProcedures
    conflicts: Known[Conflict]
    journey: GuideRef
    sources: list[SourceRef]
    licence: Licence
    provenance: Provenance
    notice: TextWithLang


class JoinedRecord(Shown):
    """A record joined to this one by claims."""

    record: Ref
    grade: Grade
    claims: list[str]


class JoinedProcedure(Shown):
    """A procedure joined to this record by an edge."""

    procedure: Ref
    role: TargetRole
    grade: Grade
    claim: str
    claims: list[str]


class ConditionDetail(ConditionSummary):
    """A condition in full."""

    names: list[Name]
    texts: ConditionTexts
    definitions: Known[StatementClaim]
    symptoms: Known[StatementClaim]
    red_flags: Known[StatementClaim]
    arises_from: Known[StatementClaim]
    causes: Known[StatementClaim]
    prevalences: Known[StatementClaim]
    incidences: Known[StatementClaim]
    natural_courses: Known[StatementClaim]
    first_line_care: Known[StatementClaim]
    reference_tests: Known[StatementClaim]
    findings: Known[FindingClaim]
    recommendations: Known[RecommendationClaim]
    evidence_grades: Known[EvidenceGradeClaim]
    coverage: Known[CoverageClaim]
    mechanisms: Known[StatementClaim]
    diagnostic_accuracy: Known[StatementClaim]
    prerequisites: Known[StatementClaim]
    codes: Known[StatementClaim]
    pain_generators: Known[JoinedRecord]
    caused_by: Known[JoinedRecord]
    procedures: Known[JoinedProcedure]
    related: Hierarchy
    sources: list[SourceRef]
    licence: Licence
    provenance: Provenance
    notice: TextWithLang


class PainGeneratorDetail(PainGeneratorSummary):
    """A pain generator in full."""

    names: list[Name]
    texts: PainGeneratorTexts
    definitions: Known[StatementClaim]
    arises_from: Known[StatementClaim]
    shares_of_pain: Known[StatementClaim]
    referral_patterns: Known[StatementClaim]
    reference_tests: Known[StatementClaim]
    diagnostic_accuracy: Known[StatementClaim]
    findings: Known[FindingClaim]
    recommendations: Known[RecommendationClaim]
    evidence_grades: Known[EvidenceGradeClaim]
    coverage: Known[CoverageClaim]
    mechanisms: Known[StatementClaim]
    prevalences: Known[StatementClaim]
    codes: Known[StatementClaim]
    conditions: Known[JoinedRecord]
    procedures: Known[JoinedProcedure]
    related: Hierarchy
    sources: list[SourceRef]
    licence: Licence
    provenance: Provenance
    notice: TextWithLang


class RiskDetail(RiskSummary):
    """A risk with every figure that the sources give for it."""

    names: list[Name]
    observations: Known[ProcedureRiskClaim]
    licence: Licence
    notice: TextWithLang


class SourceDetail(SourceSummary):
    """A source and what rests on it."""

    rests_on_it: Known[ClaimMention]


class GuideSummary(Shown):
    """A page of the patient guide in the list of pages."""

    slug: str
    name: str
    type: Literal["guide_page"]
    summary: str
    review: Review
    updated_in: str
    links: RecordLinks


class GuideItem(Shown):
    heading: str
    text: str
    lang: Lang
    claims: list[str]


class GuidePageDetail(GuideSummary):
    """A page of the patient guide, with the claims it rests on."""

    intro: Text
    items: list[GuideItem]
    claims: list[Claim]
    sources: list[SourceRef]
    licence: Licence
    notice: TextWithLang


class TargetEdge(Shown):
    """This procedure diagnoses or treats this pain generator."""

    procedure: Ref
    pain_generator: Ref
    role: TargetRole
    grade: Grade
    support: Annotated[str, Among(vocabulary.SUPPORTS)]
    claim: str
    claims: list[str]
    links: SelfLink


class MatrixCell(Shown):
    """A filled cell of the matrix."""

    procedure: str = Field(description="Slug of the row.")
    pain_generator: str = Field(description="Slug of the column.")
    role: TargetRole
    grade: Grade
    claim: str


class Matrix(Shown):
    """Procedures by pain generators, for a heat map. A cell that is not there is unknown, not an exclusion."""

    procedures: list[Ref]
    pain_generators: list[Ref]
    cells: list[MatrixCell]


class EdgeBrief(Shown):
    role: TargetRole
    grade: Grade
    claim: str


class RatedRisk(Shown):
    """A risk with the figures that one claim gives."""

    risk: Ref
    observed: int | None = Field(description="Events counted; null: not given.")
    n: int | None = Field(description="Denominator; null: not given.")
    percent_min: float | None = Field(description="Null: not given.")
    percent_max: float | None = Field(description="Null: not given.")
    per: str | None = Field(description="What is counted; null: not stated.")
    timeframe: str | None = Field(description="Over which time; null: not stated.")
    claim: str


class Option(Shown):
    """One procedure on the way through care."""

    procedure: Ref
    family: Family
    summary: str | None = Field(description="For patients; null: none yet.")
    typical_relief: Known[TypicalRelief]
    edge: EdgeBrief
    indicated: Known[EdgeBrief] = Field(description="A cited indication for this very condition.")
    rated_risks: Known[RatedRisk]
    links: RecordLinks


class GeneratorOptions(Shown):
    """For one pain generator: what confirms it and what treats it."""

    pain_generator: Ref
    grade: Grade
    claims: list[str]
    confirms: Known[Option]
    treats: Known[Option]


class NoProcedure(Shown):
    """The way without a procedure."""

    first_line_care: Known[StatementClaim]
    natural_course: Known[StatementClaim]


class FamilyInOrder(Shown):
    family: Family
    reason: str


class OptionOrder(Shown):
    rule: str
    families: list[FamilyInOrder]


class OptionLinks(Shown):
    self: Link
    condition: Link
    html: Link


class ConditionOptions(Shown):
    """The way through care for one condition."""

    condition: Ref
    red_flags: Known[StatementClaim]
    no_procedure: NoProcedure
    pain_generators: Known[GeneratorOptions]
    other_procedures: Known[Option] = Field(description="Indicated, but no cited edge leads there by a pain generator.")
    order: OptionOrder
    review: Review
    notice: TextWithLang
    links: OptionLinks
