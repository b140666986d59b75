"""Claims as they are shown."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field, RootModel

from app.domain import values, vocabulary
from app.domain.values import Among, Qualifiers
from app.schemas.building_blocks import Citation, ClaimLinks, Grade, Known, Lang, Ref, SelfLink, Shown

V = TypeVar("V")


class ClaimShape(Shown, Generic[V]):
    """One cited statement about one record."""

    id: str = Field(description="Permanent id.")
    kind: str
    subject: Ref
    statement: str
    lang: Lang
    value: V
    qualifiers: Qualifiers
    grade: Grade
    certainty_reasons: list[str] = Field(description="Why the grade is below high; empty when it is high.")
    support: Annotated[str, Among(vocabulary.SUPPORTS)]
    reason: str | None = Field(description="Why, where support is editorial; null otherwise.")
    citations: list[Citation]
    links: ClaimLinks


class TargetShown(Shown):
    pain_generator: Ref
    role: values.TargetRole


class IndicationShown(Shown):
    condition: Ref
    role: values.TargetRole


class Band(Shown):
    """Band of a frequency: never without its scheme, its limits (shares of 1) and where it comes from."""

    name: Annotated[str, Among(vocabulary.RISK_BANDS)]
    scheme: str
    min: float
    max: float | None = Field(description="Upper limit, excluded; null: none.")
    origin: Literal["source", "computed"]


class ProcedureRiskShown(values.ProcedureRiskValue):
    """How often a risk was observed."""

    risk: Ref  # type: ignore[assignment]
    band: Known[Band]
    upper_limit_percent: float | None = Field(
        description="Upper 95 % limit in percent where none of n were seen; null: some were, or n is not given."
    )


class ReliefDurationShown(values.ReliefDurationValue):
    """An estimate of how long relief lasts."""

    min_days: float | None = Field(description="`min` in days (month 30.4375, year 365.25); null with `min`.")
    max_days: float | None = Field(description="`max` in days; null with `max`.")
    typical: bool = Field(description="The one shown first for its procedure and intent.")
    chosen_because: str | None = Field(description="Why it is typical; null: it is not.")


class StatementShown(values.StatementValue):
    """A claim that is shown, not queried."""

    pain_generators: list[Ref]  # type: ignore[assignment]
    conditions: list[Ref]  # type: ignore[assignment]
    procedures: list[Ref]  # type: ignore[assignment]


class TargetClaim(ClaimShape[TargetShown]):
    kind: Literal["target"]


class IndicationClaim(ClaimShape[IndicationShown]):
    kind: Literal["indication"]


class ProcedureRiskClaim(ClaimShape[ProcedureRiskShown]):
    kind: Literal["procedure_risk"]


class ReliefDurationClaim(ClaimShape[ReliefDurationShown]):
    kind: Literal["relief_duration"]


class OnsetClaim(ClaimShape[values.OnsetValue]):
    kind: Literal["onset"]


class ResponseRateClaim(ClaimShape[values.ResponseRateValue]):
    kind: Literal["response_rate"]


class FindingClaim(ClaimShape[values.FindingValue]):
    kind: Literal["finding"]


class RecommendationClaim(ClaimShape[values.RecommendationValue]):
    kind: Literal["recommendation"]


class EvidenceGradeClaim(ClaimShape[values.EvidenceGradeValue]):
    kind: Literal["evidence_grade"]


class CoverageClaim(ClaimShape[values.CoverageValue]):
    kind: Literal["coverage"]


class StatementClaim(ClaimShape[StatementShown]):
    """A claim of a kind that is only shown."""

    kind: Literal[
        "site",
        "contraindication",
        "prerequisite",
        "repeat_limit",
        "trial_period",
        "device_longevity",
        "guidance",
        "anaesthesia",
        "setting",
        "procedure_time",
        "recovery",
        "mechanism",
        "diagnostic_accuracy",
        "code",
        "synonym",
        "definition",
        "symptom",
        "prevalence",
        "incidence",
        "natural_course",
        "first_line_care",
        "red_flag",
        "reference_test",
        "share_of_pain",
        "referral_pattern",
        "arises_from",
        "causes",
        "guide",
    ]


AnyClaim = Annotated[
    TargetClaim
    | IndicationClaim
    | ProcedureRiskClaim
    | ReliefDurationClaim
    | OnsetClaim
    | ResponseRateClaim
    | FindingClaim
    | RecommendationClaim
    | EvidenceGradeClaim
    | CoverageClaim
    | StatementClaim,
    Field(discriminator="kind"),
]


# Not RootModel[AnyClaim]: pydantic would build that one at once.
class Claim(RootModel[Any]):
    """A claim of any kind; `kind` says which."""

    model_config = ConfigDict(defer_build=True)

    root: AnyClaim


class ClaimMention(Shown):
    """A claim named where it is only pointed at."""

    id: str
    kind: Annotated[str, Among(vocabulary.CLAIM_KINDS)]
    statement: str
    subject: Ref
    links: SelfLink
