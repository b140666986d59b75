"""Record responses: summaries for lists and full details."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain import vocabulary
from app.domain.values import BodyRegion, CallTier, Intent, OpenEnum, RiskState, Seriousness, TargetRole
from app.schemas.building_blocks import (
    Block,
    Family,
    Lang,
    License,
    Link,
    NameOut,
    Position,
    RecordLinks,
    Ref,
    ResponseModel,
    ReviewOut,
    SelfLink,
    SourceRef,
    Support,
    TextOut,
    TextWithLang,
)
from app.schemas.claims import (
    ClaimMention,
    ClaimOut,
    ProcedureRiskClaimOut,
    StatementClaimOut,
    TypicalRelief,
    add_claim_blocks,
    add_texts,
)
from app.schemas.codes import CodeOut


class RecordSummary(ResponseModel):
    """What a list shows of every record."""

    slug: str
    name: str
    review: ReviewOut
    last_changed_in: str
    links: RecordLinks


class DescribedSummary(RecordSummary):
    """What a list shows of procedures, conditions and pain generators."""

    patient_name: str = Field(description="Name that patients use, in everyday words.")
    summary: str | None = Field(description="Summary for patients; null: no cited claim supports a summary yet.")
    body_regions: list[BodyRegion]


class RecordedPosition(ResponseModel):
    """Position that a body takes on a procedure, or on a broader or narrower form of it."""

    position: Annotated[str, OpenEnum(vocabulary.POSITIONS)] = Field(description="Position of the body.")
    body: str = Field(description="Body that recommends.")
    year: int | None = Field(description="Null: not stated.")
    scope: str | None = Field(description="What the position covers; null: not stated.")
    procedure: Ref = Field(description="Procedure that the position is about: this one, or a form of it.")
    stated_on: Ref = Field(description="Record with the claim: the procedure, or a condition.")
    claim: str = Field(description="Id of the claim that states it.")


class RiskFigure(ResponseModel):
    """Figure of a risk with its denominator."""

    observed: int | None = Field(description="Events counted; null: not given.")
    n: int | None = Field(description="Denominator; null: not given.")
    percent_min: float | None = Field(description="Null: not given.")
    percent_max: float | None = Field(description="Null: not given.")
    per: Annotated[str, OpenEnum(vocabulary.RISK_DENOMINATORS)] | None = Field(
        description="What is counted; null: no rate."
    )
    timeframe: str | None = Field(description="Period of observation; null: not stated.")
    population: str | None = Field(description="In whom it was counted; null: not stated.")
    composite: str | None = Field(description="What the source counts together in the figure; null: this risk alone.")
    subject: str = Field(description="Slug of the procedure that the figure is about.")
    form: str | None = Field(description="Its name, if it is a narrower record; null: the record itself.")
    claim: str = Field(description="Id of the claim that states it.")


class SharedStatement(ResponseModel):
    """What several records state: their slugs, and their claims."""

    subjects: list[str] = Field(description="Slugs of the records whose claims state it.")
    claims: list[str] = Field(description="Ids of these claims.")


class RiskGroup(SharedStatement):
    """Risk in one degree of seriousness: the worst figure, and who states it."""

    risk: Ref
    seriousness: Seriousness = Field(description="As the catalog of risks, or more serious if these claims say so.")
    state: RiskState = Field(description="Seen if any of the claims says so.")
    worst: RiskFigure | None = Field(
        description="Highest rate; where none was seen, the largest count. Null: the claims give no figure."
    )


SERIOUS_RISKS_TEXT = "Serious and life-threatening risks of the procedure and its narrower forms, grouped by risk, the most serious first."
POSITIONS_TEXT = "Positions of bodies on the procedure and its broader and narrower forms; those against it first."


class ProcedureSummary(DescribedSummary):
    """Procedure in a list."""

    type: Literal["procedure"]
    family: Family
    intents: list[Intent] = Field(description="Whether the procedure is done to diagnose, to treat, or for both.")
    implant: bool = Field(description="The procedure leaves a device or material in the body on purpose.")
    serious_risks: Block[RiskGroup] = Field(description=SERIOUS_RISKS_TEXT)
    positions: Block[RecordedPosition] = Field(description=POSITIONS_TEXT)
    typical_relief: Block[TypicalRelief]


class ConditionSummary(DescribedSummary):
    """Condition in a list."""

    type: Literal["condition"]
    stub: bool = Field(description="The sources name the condition but do not describe it.")


class PainGeneratorSummary(DescribedSummary):
    """Pain generator in a list."""

    type: Literal["pain_generator"]
    kind: Annotated[str, OpenEnum(vocabulary.GENERATOR_KINDS)] = Field(description="Kind of structure.")


class RiskSummary(RecordSummary):
    """Risk in the catalog list."""

    type: Literal["risk"]
    summary: str = Field(description="What the risk is, in plain words.")
    lay_name: str = Field(description="Name in plain words.")
    category: Annotated[str, OpenEnum(vocabulary.RISK_CATEGORIES)] = Field(description="Category of the risk.")
    seriousness: Seriousness = Field(description="How serious it usually is: an editorial judgment.")
    seriousness_reason: str = Field(description="Reason for the judgment.")


class EmergencySign(ResponseModel):
    """Sign of an emergency."""

    text: str = Field(description="The sign in everyday words.")
    lang: Lang
    tier: CallTier = Field(description="How soon to get help for it.")
    claims: list[str] = Field(description="Ids of the claims that support it; empty: editorial.")


class WhenToCallRow(ResponseModel):
    """Sign for which a reader of the record must get help."""

    sign: str = Field(description="The sign in everyday words.")
    lang: Lang
    tier: CallTier = Field(description="How soon to get help.")
    emergencies: list[Ref] = Field(description="Emergencies that it can mean.")
    origin: Annotated[str, OpenEnum(vocabulary.CALL_ORIGINS)] = Field(description="Why the sign is listed.")
    claims: list[str] = Field(description="Ids of the claims that support it.")


class EmergencySummary(RecordSummary):
    """Emergency in the catalog."""

    type: Literal["emergency"]
    summary: str = Field(description="Its signs in one line.")
    lay_name: str = Field(description="Name in plain words.")
    tier: CallTier = Field(description="How soon to get help for its most urgent signs.")
    action: str = Field(description="What to do.")


class SourceSummary(SourceRef):
    """Source in a list."""

    year_reason: str | None = Field(description="Why there is no year; null: there is one, or no reason is known.")
    funding: str | None = Field(description="Who paid for the study; null: not known.")
    publisher: str | None = Field(description="Null: not stated.")
    authors: str | None = Field(description="Null: not known.")
    number: str | None = Field(description="The publisher's own number, such as NG59; null: none.")
    standing_date: str | None = Field(
        description="When it was corrected, superseded, retracted or withdrawn; null: current, or not known."
    )
    replaced_by: Ref | None = Field(description="Source that took its place; null: none, or not known.")
    url: str | None = Field(description="URL where the source was read; null: not stated.")
    note: str | None = Field(description="Caveat about the source; null: none.")
    claim_count: int = Field(description="Number of claims that cite the source.")
    last_changed_in: str
    links: RecordLinks


class ProcedureRelationOut(ResponseModel):
    """Relation that links a procedure to a record."""

    role: Annotated[str, Field(json_schema_extra={"x-extensible-enum": ["diagnoses", "treats", "has_risk"]})]
    claim: str = Field(description="Id of the claim that states it: the newest one of an independent source.")
    path: list[Ref] = Field(description="Path from the requested record to the record that the claim names.")


class ProcedureWithRelations(ProcedureSummary):
    """Procedure with the relations that link it to the requested record."""

    relations: list[ProcedureRelationOut] = Field(
        description="At least one. First those to the requested record, then those to narrower ones."
    )


@add_texts("procedure")
class ProcedureTexts(ResponseModel):
    """Texts about a procedure."""

    key_messages: Block[TextOut]


@add_texts("condition")
class ConditionTexts(ResponseModel):
    """Texts about a condition."""

    key_messages: Block[TextOut]


@add_texts("pain_generator")
class PainGeneratorTexts(ResponseModel):
    """Texts about a pain generator."""

    key_messages: Block[TextOut]


class RelatedProcedure(ResponseModel):
    """Relation of this procedure to another."""

    type: Annotated[str, OpenEnum(vocabulary.PROCEDURE_RELATIONS)] = Field(
        description="How this procedure relates to the other."
    )
    procedure: Ref = Field(description="The other procedure.")
    claims: list[str]
    reason: str = Field(description="Why the procedures are related.")


class Hierarchy(ResponseModel):
    """Broader and narrower records."""

    broader: Block[Ref]
    narrower: Block[Ref]


class RelatedProcedures(Hierarchy):
    """Procedures related to this one."""

    procedures: Block[RelatedProcedure] = Field(
        description="Other related procedures, each with the relation and its reason."
    )


class ConflictPosition(ResponseModel):
    """Position of some of the sources, with their claims."""

    position: Position
    claims: list[str] = Field(description="Ids of the claims that take this position.")


class Conflict(ResponseModel):
    """Disagreement between sources: their positions and the dimension in which they differ. Figures are not averaged."""

    claim_kind: Literal["recommendation", "finding", "relief_duration"] = Field(
        description="Kind of the claims that disagree."
    )
    dimension: str = Field(description="In what the sources differ, as text.")
    positions: list[ConflictPosition] = Field(description="Positions taken.")


class Provenance(ResponseModel):
    """Authors, funding, update policy and version of the content."""

    authors: str = Field(description="Who compiled the content.")
    funding: str = Field(description="Who paid for it.")
    update_policy: str = Field(description="When the content is updated.")
    version: str
    last_changed_in: str


class NotFoundOut(ResponseModel):
    """Block that was looked for without a result."""

    block: str = Field(description="Name of the block.")
    searched: list[str] = Field(description="Where it was looked for.")
    searched_on: str = Field(description="Date of the search (RFC 3339).")


class FormLinks(ResponseModel):
    """Links of a narrower record."""

    self: Link
    html: Link


class FormRef(Ref):
    """Narrower record."""

    links: FormLinks


class FormContraindication(SharedStatement):
    """Contraindications of forms on one topic."""

    topic: Annotated[str, OpenEnum(vocabulary.CONTRAINDICATION_TOPICS)] = Field(description="What they are about.")
    strength: Annotated[str, OpenEnum(vocabulary.CONTRAINDICATION_STRENGTHS)] = Field(
        description="The strongest of these claims."
    )
    labels: list[str] = Field(description="What the claims say in short.")


class FormSafetyWarning(SharedStatement):
    """Warning of a body about forms."""

    body: str = Field(description="Body that warns.")
    date: str | None = Field(description="Date of the warning; null: not stated.")
    boxed: bool = Field(description="Boxed warning of a label.")
    label: str = Field(description="What it warns of.")


class FormBleedingRisk(SharedStatement):
    """Class of bleeding risk that a body gives forms."""

    risk_class: Annotated[str, OpenEnum(vocabulary.BLEEDING_RISK_CLASSES)] = Field(
        description="Class of bleeding risk."
    )
    scheme: str = Field(description="Who classes it, and when.")


class FormRecommendation(SharedStatement):
    """Position of a body on forms."""

    position: Annotated[str, OpenEnum(vocabulary.POSITIONS)] = Field(description="Position of the body.")
    body: str = Field(description="Body that recommends.")
    year: int | None = Field(description="Null: not stated.")
    scope: str | None = Field(description="What the position covers; null: not stated.")


class FormSign(SharedStatement):
    """Sign to call for after some forms."""

    tier: CallTier = Field(description="How soon to get help.")
    sign: str = Field(description="Sign in everyday words.")


class FormStatements(ResponseModel):
    """Number of statements that the narrower records have in a block."""

    block: str = Field(description="Name of the block.")
    count: int = Field(description="Number of statements.")
    subjects: list[str] = Field(description="Slugs of the records that have them.")


class Forms(ResponseModel):
    """What the narrower records of a record state: safety in rows, all other blocks as counts."""

    status: Literal["known", "not_applicable"] = Field(description="Whether the record has narrower ones.")
    count: int = Field(description="Number of narrower records, theirs included.")
    records: list[FormRef] = Field(description="The narrower records.")
    risks: list[RiskGroup] = Field(description="Risks of the forms, the most serious first.")
    contraindications: list[FormContraindication] = Field(description="By topic, the strongest first.")
    safety_warnings: list[FormSafetyWarning] = Field(description="Warnings of regulators; boxed ones first.")
    bleeding_risks: list[FormBleedingRisk] = Field(description="Classes of bleeding risk, the highest first.")
    recommendations: list[FormRecommendation] = Field(description="Positions of bodies; those against first.")
    when_to_call: list[FormSign] = Field(description="Signs, the most urgent first.")
    statements: list[FormStatements] = Field(description="How many statements each block has on the forms.")


class DescribedDetail(ResponseModel):
    """What the details of procedures, conditions and pain generators have beside their summaries and claims."""

    names: list[NameOut]
    codes: Block[CodeOut] = Field(description="Codes of other organizations for the record.")
    not_found: list[NotFoundOut] = Field(
        description="Blocks that were looked for without a result; `serious_risks` is one of them."
    )
    forms: Forms = Field(description="What the narrower records state.")
    sources: list[SourceRef]
    license: License
    provenance: Provenance
    notice: TextWithLang


class GuideRef(ResponseModel):
    """Reference to a page of the patient guide."""

    type: Literal["guide_page"]
    slug: str
    name: str
    links: SelfLink


@add_claim_blocks("procedure")
class ProcedureDetail(ProcedureSummary, DescribedDetail):
    """Full procedure. Every block is known, unknown or not applicable."""

    texts: ProcedureTexts
    related: RelatedProcedures = Field(description="Related, broader and narrower procedures.")
    risk_groups: Block[RiskGroup] = Field(description="Its own risks grouped by risk, the most serious first.")
    conflicts: Block[Conflict] = Field(description="Disagreements between two sources on the same question.")
    forms_with_conflicts: Block[Ref] = Field(description="Narrower procedures that have `conflicts`.")
    journey: GuideRef = Field(description="Page of the patient guide that goes with this procedure.")
    when_to_call: Block[WhenToCallRow] = Field(description="Signs for which to get help, the most urgent first.")


class LinkedRecord(ResponseModel):
    """Record linked to this one by claims."""

    record: Ref = Field(description="The linked record.")
    claims: list[str]


class Relation(ResponseModel):
    """What a procedure does there, and a claim that says so."""

    role: TargetRole
    claim: str = Field(description="Id of the claim that states it: the newest one of an independent source.")


class LinkedProcedure(Relation):
    """Procedure linked to this record by target or indication claims."""

    procedure: Ref
    claims: list[str]
    positions: Block[RecordedPosition] = Field(description=POSITIONS_TEXT)


@add_claim_blocks("condition")
class ConditionDetail(ConditionSummary, DescribedDetail):
    """Full condition."""

    texts: ConditionTexts
    pain_generators: Block[LinkedRecord] = Field(description="Pain generators that it can arise from.")
    caused_by: Block[LinkedRecord] = Field(description="Conditions that can cause it.")
    procedures: Block[LinkedProcedure] = Field(description="Procedures used for it.")
    related: Hierarchy = Field(description="Broader and narrower conditions.")
    when_to_call: Block[WhenToCallRow] = Field(description="Signs for which to get help, the most urgent first.")


@add_claim_blocks("pain_generator")
class PainGeneratorDetail(PainGeneratorSummary, DescribedDetail):
    """Full pain generator."""

    texts: PainGeneratorTexts
    conditions: Block[LinkedRecord] = Field(description="Conditions that can arise from it.")
    procedures: Block[LinkedProcedure] = Field(description="Procedures that diagnose or treat it.")
    related: Hierarchy = Field(description="Broader and narrower pain generators.")
    when_to_call: Block[WhenToCallRow] = Field(description="Signs for which to get help, the most urgent first.")


class RiskDetail(RiskSummary):
    """Full risk, with every figure that the sources state."""

    names: list[NameOut]
    observations: Block[ProcedureRiskClaimOut] = Field(description="Claims that state how often it occurs.")
    when_to_call: Block[WhenToCallRow] = Field(description="Signs for which to get help, the most urgent first.")
    license: License
    notice: TextWithLang


class EmergencyDetail(EmergencySummary):
    """Full emergency, with its signs and the claims behind them."""

    names: list[NameOut]
    signs: list[EmergencySign] = Field(description="Its signs, the most urgent first.")
    risks: Block[Ref] = Field(description="Risks of procedures that can become this emergency: an editorial choice.")
    red_flags: Block[StatementClaimOut] = Field(description="Claims that state its signs.")
    prevalences: Block[StatementClaimOut] = Field(description="Claims on how common it is.")
    sources: list[SourceRef]
    license: License
    notice: TextWithLang


class SourceDetail(SourceSummary):
    """Full source, with the claims that cite it."""

    claims: Block[ClaimMention] = Field(description="Claims that cite the source.")


class GuideSummary(RecordSummary):
    """Page of the patient guide in a list."""

    type: Literal["guide_page"]
    summary: str = Field(description="What the page says, in one paragraph.")


class GuideItemOut(ResponseModel):
    """Section of a page of the patient guide."""

    heading: str = Field(description="Heading of the section.")
    text: str
    lang: Lang
    claims: list[str] = Field(description="Ids of the claims that support the section.")


class GuidePageDetail(GuideSummary):
    """Full page of the patient guide, with its supporting claims."""

    summary_claims: list[str] = Field(description="Ids of the claims that support the summary.")
    items: list[GuideItemOut] = Field(description="Sections of the page.")
    claims: list[ClaimOut] = Field(description="Claims behind the page.")
    sources: list[SourceRef]
    license: License
    notice: TextWithLang


class TargetRelation(LinkedProcedure):
    """Pain generator that a procedure diagnoses or treats."""

    pain_generator: Ref
    support: Support
    links: SelfLink


class MatrixCellOut(Relation):
    """Filled cell of the matrix."""

    procedure: str = Field(description="Slug of the row.")
    pain_generator: str = Field(description="Slug of the column.")


class Matrix(ResponseModel):
    """Matrix of procedures and pain generators, for a heat map. A missing cell means unknown, not excluded."""

    procedures: list[Ref] = Field(description="Rows.")
    pain_generators: list[Ref] = Field(description="Columns.")
    cells: list[MatrixCellOut] = Field(description="Filled cells.")


class CareOption(ResponseModel):
    """Procedure as an option in the care pathway."""

    procedure: Ref
    family: Family
    summary: str | None = Field(description="Summary for patients; null: none yet.")
    positions: Block[RecordedPosition] = Field(description=POSITIONS_TEXT)
    typical_relief: Block[TypicalRelief]
    relation: Relation = Field(description="Claim that makes the procedure an option here.")
    serious_risks: Block[RiskGroup] = Field(description=SERIOUS_RISKS_TEXT)
    links: RecordLinks


class StructureOptions(ResponseModel):
    """Procedures of the same body region that reach a structure which the condition arises from."""

    pain_generator: Ref
    claims: list[str] = Field(description="Ids of the claims that the condition arises from it.")
    diagnoses: Block[CareOption] = Field(description="Procedures that test whether the pain comes from it.")
    reaches: Block[CareOption] = Field(
        description="Procedures that act on it. No source here says that they treat this condition."
    )


class NonProceduralCare(ResponseModel):
    """Care without a procedure."""

    first_line_care: Block[StatementClaimOut] = Field(description="What is tried first.")
    natural_course: Block[StatementClaimOut] = Field(description="How the condition develops over time.")


class FamilyRankOut(ResponseModel):
    """Place of a family in the order, with its reason."""

    family: Family
    reason: str = Field(description="Why the family has this place.")


class OptionOrder(ResponseModel):
    """Order of the options."""

    rule: str = Field(description="Rule that orders the options.")
    families: list[FamilyRankOut] = Field(description="Families, in order.")


class OptionLinks(ResponseModel):
    """Links of the options: themselves, the condition and the HTML page."""

    self: Link
    condition: Link = Field(description="The condition.")
    html: Link


class ConditionOptions(ResponseModel):
    """Care pathway for a condition."""

    condition: Ref
    when_to_call: Block[WhenToCallRow] = Field(description="Signs for which to get help, the most urgent first.")
    no_procedure: NonProceduralCare = Field(description="What can be done without a procedure.")
    treats: Block[CareOption] = Field(
        description="Procedures that a source names as a treatment of this condition or a narrower one."
    )
    diagnoses: Block[CareOption] = Field(
        description="Procedures that a source names as a test for this condition or a narrower one."
    )
    pain_generators: Block[LinkedRecord] = Field(description="Pain generators that it can arise from.")
    related_by_structure: Block[StructureOptions] = Field(
        description="What merely reaches a structure that the condition arises from, in the same body region: no source "
        "names it for this condition."
    )
    order: OptionOrder = Field(description="How the options are ordered, and why.")
    review: ReviewOut
    notice: TextWithLang
    links: OptionLinks
