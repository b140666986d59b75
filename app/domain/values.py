"""What a claim says, kind by kind.

These value objects are read from seed files and shown unchanged, so they are the one family of classes that both sides
share: a key left out of a seed file is null (or an empty list) with the meaning its description gives, and every key is
present in an answer.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from app.domain import vocabulary
from app.domain.durations import Duration, days_of

Percent = Annotated[float, Field(ge=0, le=100)]


class Among:
    """A string of one of the contract's lists: refused outside it, published as a list that may grow."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = tuple(values)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "x-extensible-enum": list(self.values)}

    def check(self, value: str) -> str:
        if value not in self.values:
            msg = f"{value!r} is not one of {', '.join(self.values)}"
            raise ValueError(msg)
        return value


Intent = Annotated[str, Among(vocabulary.INTENTS)]
Magnitude = Annotated[str, Among(vocabulary.MAGNITUDES)]
Measure = Annotated[str, Among(vocabulary.MEASURES)]
Statistic = Annotated[str, Among(vocabulary.STATISTICS)]
Direction = Annotated[str, Among(vocabulary.DIRECTIONS)]
Position = Annotated[str, Among(vocabulary.POSITIONS)]
RiskState = Annotated[str, Among(vocabulary.RISK_STATES)]
TargetRole = Annotated[str, Among(vocabulary.TARGET_ROLES)]


class Value(BaseModel):
    """Base of every value object: unknown keys are refused, instances do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_serialization_defaults_required=True,
        str_strip_whitespace=True,
        defer_build=True,
    )


class Quantity(Value):
    """A number of the source with its unit. A single figure has `min` = `max`; null means that this end is not stated."""

    name: str = Field(description="What is counted or measured.")
    min: float | None = Field(default=None, description="Lower end; null: the source gives none.")
    max: float | None = Field(default=None, description="Upper end; null: the source gives none.")
    unit: str = Field(min_length=1, description="Unit of `min` and `max`, as the source uses it.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is None and self.max is None:
            msg = f"quantity {self.name!r} has neither min nor max"
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = f"quantity {self.name!r}: min {self.min} is above max {self.max}"
            raise ValueError(msg)
        if self.unit == "percent" and any(x is not None and abs(x) > 100 for x in (self.min, self.max)):
            msg = f"quantity {self.name!r}: a percentage beyond 100"
            raise ValueError(msg)
        return self


class Detail(Value):
    """A named particular of a claim that has no field of its own."""

    name: str
    text: str


class Qualifiers(Value):
    """For whom, with what, against what. Null: the source (as read) does not say."""

    population: str | None = Field(default=None, description="Who was treated; null: not stated.")
    technique: str | None = Field(default=None, description="Variant of the procedure; null: not stated.")
    comparator: str | None = Field(default=None, description="What it was compared with; null: nothing, or not stated.")
    comparator_is_sham: bool | None = Field(default=None, description="Was the comparator a sham; null: not stated.")
    definition: str | None = Field(default=None, description="How the outcome was defined; null: not stated.")
    time: str | None = Field(default=None, description="When it was measured, in the source's words; null: not stated.")
    n: int | None = Field(
        default=None, ge=0, le=100_000_000, description="People (or units) counted; null: not stated."
    )
    drug: str | None = Field(default=None, description="Drug used; null: not stated.")
    dose: str | None = Field(default=None, description="Dose used; null: not stated.")
    funding: str | None = Field(default=None, description="Who paid for the study; null: not stated.")


class _Span(Value):
    min: Duration | None = Field(default=None, description="Shortest; null: the source gives no lower end.")
    max: Duration | None = Field(default=None, description="Longest; null: the source gives no upper end.")
    magnitude: Magnitude = Field(description="Order of length, also where no number is given.")
    label: str = Field(description="The duration in words, as precise as the source and no more.")
    text: str | None = Field(default=None, description="The source's own vague phrase; null: it is numeric.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and days_of(self.min) > days_of(self.max):
            msg = f"min {self.min} is longer than max {self.max}"
            raise ValueError(msg)
        return self


class ReliefDurationValue(_Span):
    """An estimate of how long relief lasts. "Over two years" has no maximum; "several months" has neither end."""

    measure: Measure = Field(description="What was measured.")
    statistic: Statistic = Field(description="What the figures are.")
    intent: Intent = Field(description="Relief of a test block or of a treatment.")
    ongoing: bool = Field(
        default=False, description="Relief was still present when observation ended: read as at least."
    )
    quantities: list[Quantity] = Field(default=[], description="Further figures of the same statement.")
    details: list[Detail] = Field(default=[], description="Further particulars of the same statement.")


class OnsetValue(_Span):
    """How soon relief begins."""

    quantities: list[Quantity] = []
    details: list[Detail] = []


class ResponseRateValue(Value):
    """The share of people who reach a stated degree of relief at a stated time."""

    percent_min: Percent | None = Field(
        default=None, description="Share in percent; equal to percent_max for a single figure; null: not given."
    )
    percent_max: Percent | None = Field(default=None, description="Share in percent; null: not given.")
    responders: int | None = Field(default=None, ge=0, description="People who responded; null: not given.")
    n_at: int | None = Field(default=None, ge=0, description="People seen at that time; null: not given.")
    lost: int | None = Field(default=None, ge=0, description="People lost by then; null: not given.")
    at: Duration | None = Field(default=None, description="Follow-up; null: not given as a single time.")
    at_label: str | None = Field(default=None, description="Follow-up in words; null: not stated.")
    ci_low: float | None = Field(default=None, ge=-100, le=100, description="Lower 95 % limit; null: not given.")
    ci_high: float | None = Field(default=None, ge=-100, le=100, description="Upper 95 % limit; null: not given.")
    comparator_percent: Percent | None = Field(
        default=None, description="Share in the comparison group; null: none or not given."
    )
    comparator_responders: int | None = Field(default=None, ge=0, description="Null: not given.")
    comparator_n: int | None = Field(default=None, ge=0, description="Null: not given.")
    quantities: list[Quantity] = []
    details: list[Detail] = []

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        pairs = (("percent", self.percent_min, self.percent_max), ("ci", self.ci_low, self.ci_high))
        for name, low, high in pairs:
            if low is not None and high is not None and low > high:
                msg = f"{name}: lower {low} is above upper {high}"
                raise ValueError(msg)
        for name, part, whole in (
            ("responders", self.responders, self.n_at),
            ("comparator_responders", self.comparator_responders, self.comparator_n),
        ):
            if part is not None and whole is not None and part > whole:
                msg = f"{name}: {part} of {whole} is impossible"
                raise ValueError(msg)
        return self


class FindingValue(Value):
    """An outcome with its effect, comparator and direction."""

    outcome: str = Field(description="What was measured.")
    effect: str | None = Field(default=None, description="The effect as the source gives it; null: no figure given.")
    interval: str | None = Field(default=None, description="Confidence interval as given; null: none given.")
    direction: Direction = Field(description="Which way the finding points.")
    at: Duration | None = Field(default=None, description="Follow-up; null: not given as a single time.")
    at_label: str | None = Field(default=None, description="Follow-up in words; null: not stated.")
    ceiling: bool = Field(default=False, description="The figure is a ceiling, not a typical value.")
    quantities: list[Quantity] = []
    details: list[Detail] = []


class RecommendationValue(Value):
    """What a body recommends."""

    body: str
    year: int | None = Field(default=None, ge=1900, le=2100, description="Null: not stated.")
    position: Position
    scope: str | None = Field(default=None, description="What the position covers; null: not stated.")
    grade_stated: str | None = Field(default=None, description="The grade the body states, in its words; null: none.")
    quantities: list[Quantity] = []
    details: list[Detail] = []


class EvidenceGradeValue(Value):
    """A grade of the evidence that a body or review states."""

    body: str | None = Field(default=None, description="Who graded; null: not named.")
    grade_stated: str
    outcome: str | None = Field(default=None, description="For which outcome; null: not stated.")
    quantities: list[Quantity] = []
    details: list[Detail] = []


class CoverageValue(Value):
    """What a payer covers."""

    payer: str
    jurisdiction: str | None = Field(default=None, description="Null: not stated.")
    position: str | None = Field(
        default=None, description="Covered, not covered, limited ... in the source's words; null: not stated."
    )
    criteria: list[str] = []
    as_of: str | None = Field(default=None, description="Date or year of the policy; null: not stated.")
    quantities: list[Quantity] = []
    details: list[Detail] = []


class ProcedureRiskValue(Value):
    """How often a risk was observed, only as far as the source says."""

    risk: str = Field(description="Slug in the catalogue of risks.")
    phrase: str = Field(description="What the source calls it.")
    state: RiskState
    observed: int | None = Field(default=None, ge=0, description="Events counted; null: not given.")
    n: int | None = Field(default=None, ge=0, description="Denominator of `observed`; null: not given.")
    percent_min: Percent | None = Field(
        default=None, description="Rate in percent, lower end or single figure; null: not given."
    )
    percent_max: Percent | None = Field(
        default=None, description="Rate in percent, upper end or single figure; null: not given."
    )
    ci_low: Percent | None = Field(default=None, description="Lower 95 % limit in percent; null: not given.")
    ci_high: Percent | None = Field(default=None, description="Upper 95 % limit in percent; null: not given.")
    per: str | None = Field(default=None, description="What is counted: people, procedures, levels; null: not stated.")
    timeframe: str | None = Field(default=None, description="Over which time; null: not stated.")
    frequency_words: str | None = Field(default=None, description="The source's own words of frequency; null: none.")
    severity: str | None = Field(default=None, description="As the source says; null: it does not say.")
    temporary: bool | None = Field(default=None, description="As the source says; null: it does not say.")
    quantities: list[Quantity] = []
    details: list[Detail] = []

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.observed is not None and self.n is not None and self.observed > self.n:
            msg = f"{self.observed} events of {self.n} is impossible: name the unit in `per` or check the figures"
            raise ValueError(msg)
        for low, high in ((self.percent_min, self.percent_max), (self.ci_low, self.ci_high)):
            if low is not None and high is not None and low > high:
                msg = f"rate: lower {low} is above upper {high}"
                raise ValueError(msg)
        if self.state == "none_seen" and (self.observed or self.percent_min):
            msg = "none_seen with events: the state is known"
            raise ValueError(msg)
        return self


class TargetValue(Value):
    """This procedure diagnoses or treats this pain generator."""

    pain_generator: str = Field(description="Slug of the pain generator.")
    role: TargetRole


class IndicationValue(Value):
    """This procedure is used for this condition."""

    condition: str = Field(description="Slug of the condition.")
    role: TargetRole


class StatementValue(Value):
    """A claim that is shown, not queried: a label, quantities, particulars and the records it speaks of."""

    label: str = Field(min_length=1, description="In a few words.")
    values: list[str] = Field(
        default=[],
        description="Values of the closed list that belongs to the kind (guidance, anaesthesia, setting), or codes.",
    )
    pain_generators: list[str] = Field(default=[], description="Slugs of pain generators spoken of.")
    conditions: list[str] = Field(default=[], description="Slugs of conditions spoken of.")
    procedures: list[str] = Field(default=[], description="Slugs of procedures spoken of.")
    quantities: list[Quantity] = []
    details: list[Detail] = []


# Kinds of statement whose `values` come from a closed list, because lists are filtered by them.
VALUES_OF_KIND = {
    "guidance": vocabulary.GUIDANCE,
    "anaesthesia": vocabulary.ANAESTHESIA,
    "setting": vocabulary.SETTINGS,
}
