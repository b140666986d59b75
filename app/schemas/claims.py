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
    value: V
    qualifiers: Qualifiers
    grade: Grade
    certainty_reasons: list[str] = Field(description="Why the grade is below high; empty when it is high.")
    support: Annotated[str, OpenEnum(vocabulary.SUPPORTS)]
    reason: str | None = Field(description="Reason for an editorial claim; null otherwise.")
    citations: list[CitationOut]
    links: ClaimLinks


class TargetOut(ResponseModel):
    pain_generator: Ref
    role: values.TargetRole


class IndicationOut(ResponseModel):
    condition: Ref
    role: values.TargetRole


class FrequencyBandOut(ResponseModel):
    """Frequency band with its scheme, its limits (as shares of 1) and its origin."""

    name: Annotated[str, OpenEnum(vocabulary.RISK_BANDS)]
    scheme: str
    min: float
    max: float | None = Field(description="Upper limit, exclusive; null: none.")
    origin: Literal["source", "computed"]


class ProcedureRiskOut(values.ProcedureRiskValue):
    """Observed frequency of a risk."""

    risk: Ref  # type: ignore[assignment]
    band: Block[FrequencyBandOut]
    upper_limit_percent: float | None = Field(
        description="Upper 95% confidence limit in percent if none of n had the event; null: events occurred, or n is not given."
    )


class ReliefDurationOut(values.ReliefDurationValue):
    """Estimate of how long relief lasts."""

    min_days: float | None = Field(description="`min` in days (month 30.4375, year 365.25); null with `min`.")
    max_days: float | None = Field(description="`max` in days; null with `max`.")
    typical: bool = Field(description="Whether this estimate is shown first for its procedure and intent.")
    selection_reason: str | None = Field(description="Why this estimate is typical; null: it is not typical.")


class StatementOut(values.StatementValue):
    """Free-form claim that no filter queries."""

    pain_generators: list[Ref]  # type: ignore[assignment]
    conditions: list[Ref]  # type: ignore[assignment]
    procedures: list[Ref]  # type: ignore[assignment]


class TargetClaimOut(ClaimOutBase[TargetOut]):
    kind: Literal["target"]


class IndicationClaimOut(ClaimOutBase[IndicationOut]):
    kind: Literal["indication"]


class ProcedureRiskClaimOut(ClaimOutBase[ProcedureRiskOut]):
    kind: Literal["procedure_risk"]


class ReliefDurationClaimOut(ClaimOutBase[ReliefDurationOut]):
    kind: Literal["relief_duration"]


class OnsetClaimOut(ClaimOutBase[values.OnsetValue]):
    kind: Literal["onset"]


class ResponseRateClaimOut(ClaimOutBase[values.ResponseRateValue]):
    kind: Literal["response_rate"]


class FindingClaimOut(ClaimOutBase[values.FindingValue]):
    kind: Literal["finding"]


class RecommendationClaimOut(ClaimOutBase[values.RecommendationValue]):
    kind: Literal["recommendation"]


class EvidenceGradeClaimOut(ClaimOutBase[values.EvidenceGradeValue]):
    kind: Literal["evidence_grade"]


class CoverageClaimOut(ClaimOutBase[values.CoverageValue]):
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

    id: str
    kind: Annotated[str, OpenEnum(vocabulary.CLAIM_KINDS)]
    statement: str
    subject: Ref
    links: SelfLink
