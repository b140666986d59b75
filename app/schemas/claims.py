"""Claim responses."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, RootModel

from app.domain import values, vocabulary
from app.domain.values import OpenEnum, Qualifiers
from app.schemas.building_blocks import Block, CitationOut, ClaimLinks, Grade, Lang, Ref, ResponseModel, SelfLink

V = TypeVar("V")


class ClaimOutBase(ResponseModel, Generic[V]):
    """Cited statement about a record."""

    id: str = Field(description="Permanent id.")
    kind: str
    subject: Ref
    statement: str
    lang: Lang
    value: V = Field(description="Figures and facts that the claim states.")
    qualifiers: Qualifiers = Field(description="Population, technique, comparator and other conditions.")
    grade: Grade
    certainty_reasons: list[str] = Field(description="Why the grade is below high; empty when it is high.")
    support: Annotated[str, OpenEnum(vocabulary.SUPPORTS)] = Field(
        description="How the stored passage supports the claim."
    )
    reason: str | None = Field(description="Reason for an editorial claim; null otherwise.")
    citations: list[CitationOut] = Field(description="Passages that support the claim.")
    links: ClaimLinks


class TargetOut(ResponseModel):
    """Pain generator that the procedure diagnoses or treats."""

    pain_generator: Ref
    role: values.TargetRole = Field(description="What the procedure does there: diagnoses or treats.")


class IndicationOut(ResponseModel):
    """Condition that the procedure is used for."""

    condition: Ref
    role: values.TargetRole = Field(description="What the procedure is used for: to diagnose or to treat.")


class FrequencyBandOut(ResponseModel):
    """Frequency band with its scheme, its limits (as shares of 1) and its origin."""

    name: Annotated[str, OpenEnum(vocabulary.RISK_BANDS)] = Field(description="Name of the band.")
    scheme: str = Field(description="Scheme that defines the bands.")
    min: float = Field(description="Lower limit, inclusive.")
    max: float | None = Field(description="Upper limit, exclusive; null: none.")
    origin: Literal["source", "computed"] = Field(
        description="Whether the source states the band, or it was computed from the figures."
    )


class ProcedureRiskOut(values.ProcedureRiskValue):
    """Observed frequency of a risk."""

    risk: Ref  # type: ignore[assignment]
    band: Block[FrequencyBandOut] = Field(description="Frequency band of the risk.")
    upper_limit_percent: float | None = Field(
        description="Upper 95% confidence limit in percent if none of n had the event; null: events occurred, or n is not given."
    )


MinDays = Annotated[float | None, Field(description="`min` in days (month 30.4375, year 365.25); null with `min`.")]
MaxDays = Annotated[float | None, Field(description="`max` in days; null with `max`.")]


class ReliefDurationOut(values.ReliefDurationValue):
    """Estimate of how long relief lasts."""

    min_days: MinDays
    max_days: MaxDays
    typical: bool = Field(description="Whether this estimate is shown first for its procedure and intent.")
    selection_reason: str | None = Field(description="Why this estimate is typical; null: it is not typical.")


class TypicalRelief(ReliefDurationOut):
    """Estimate shown first for its procedure and intent, selected by a documented rule, with the claim that states it."""

    claim: str = Field(description="Id of the claim that states the estimate.")
    commercial: bool = Field(description="Only commercial sources support it.")


class OnsetOut(values.OnsetValue):
    """How soon relief begins."""

    min_days: MinDays
    max_days: MaxDays


class StatementOut(values.StatementValue):
    """Free-form claim that no filter queries."""

    pain_generators: list[Ref] = Field(description="Pain generators mentioned.")  # type: ignore[assignment]
    conditions: list[Ref] = Field(description="Conditions mentioned.")  # type: ignore[assignment]
    procedures: list[Ref] = Field(description="Procedures mentioned.")  # type: ignore[assignment]


class TargetClaimOut(ClaimOutBase[TargetOut]):
    """Claim: a pain generator that the procedure diagnoses or treats."""

    kind: Literal["target"]


class IndicationClaimOut(ClaimOutBase[IndicationOut]):
    """Claim: a condition that the procedure is used for."""

    kind: Literal["indication"]


class ProcedureRiskClaimOut(ClaimOutBase[ProcedureRiskOut]):
    """Claim: how often a risk occurs."""

    kind: Literal["procedure_risk"]


class ReliefDurationClaimOut(ClaimOutBase[ReliefDurationOut]):
    """Claim: how long relief lasts."""

    kind: Literal["relief_duration"]


class OnsetClaimOut(ClaimOutBase[OnsetOut]):
    """Claim: how soon relief begins."""

    kind: Literal["onset"]


class ResponseRateClaimOut(ClaimOutBase[values.ResponseRateValue]):
    """Claim: how many people respond."""

    kind: Literal["response_rate"]


class FindingClaimOut(ClaimOutBase[values.FindingValue]):
    """Claim: an outcome, with its effect and direction."""

    kind: Literal["finding"]


class RecommendationClaimOut(ClaimOutBase[values.RecommendationValue]):
    """Claim: what a body recommends."""

    kind: Literal["recommendation"]


class EvidenceGradeClaimOut(ClaimOutBase[values.EvidenceGradeValue]):
    """Claim: how a body or review grades the evidence."""

    kind: Literal["evidence_grade"]


class CoverageClaimOut(ClaimOutBase[values.CoverageValue]):
    """Claim: what a payer covers."""

    kind: Literal["coverage"]


class StatementClaimOut(ClaimOutBase[StatementOut]):
    """Claim of a free-form kind."""

    kind: values.StatementKind


AnyClaimOut = Annotated[
    TargetClaimOut
    | IndicationClaimOut
    | ProcedureRiskClaimOut
    | ReliefDurationClaimOut
    | OnsetClaimOut
    | ResponseRateClaimOut
    | FindingClaimOut
    | RecommendationClaimOut
    | EvidenceGradeClaimOut
    | CoverageClaimOut
    | StatementClaimOut,
    Field(discriminator="kind"),
]


# Not RootModel[AnyClaimOut]: pydantic would build that class immediately, despite defer_build.
class ClaimOut(RootModel[Any]):
    """Claim of any kind, discriminated by `kind`."""

    model_config = ConfigDict(defer_build=True)

    root: AnyClaimOut


class ClaimMention(ResponseModel):
    """Reference to a claim."""

    id: str = Field(description="Permanent id.")
    kind: Annotated[str, OpenEnum(vocabulary.CLAIM_KINDS)] = Field(description="Kind of the claim.")
    statement: str
    subject: Ref
    links: SelfLink
