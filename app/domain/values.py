"""Value objects of claims. Kinds without figures of their own share `StatementValue`.

Seed files and responses share these classes because values are served exactly as they were read. A key omitted from a
seed file becomes null (or an empty list), with the meaning that its description gives; responses contain every key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from app.domain import patterns, vocabulary
from app.domain.durations import DURATION_UNITS, Duration, duration_to_days, to_whole_duration

Percent = Annotated[float, Field(ge=0, le=100)]


class OpenEnum:
    """String from a vocabulary: other values are rejected; the schema publishes the list as extensible."""

    keyword = "x-extensible-enum"

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.values = tuple(labels)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), self.keyword: list(self.values)}

    def check(self, value: str) -> str:
        if value not in self.values:
            msg = f"{value!r} is not one of {', '.join(filter(None, self.values))}"
            raise ValueError(msg)
        return value


class ClosedEnum(OpenEnum):
    """String from a list that no response contains, such as the sort orders: the schema publishes it as closed."""

    keyword = "enum"


BodyRegion = Annotated[str, OpenEnum(vocabulary.BODY_REGIONS)]
Intent = Annotated[str, OpenEnum(vocabulary.INTENTS)]
Magnitude = Annotated[str, OpenEnum(vocabulary.MAGNITUDES)]
Measure = Annotated[str, OpenEnum(vocabulary.MEASURES)]
Statistic = Annotated[str, OpenEnum(vocabulary.STATISTICS)]
Direction = Annotated[str, OpenEnum(vocabulary.DIRECTIONS)]
Position = Annotated[str, OpenEnum(vocabulary.POSITIONS)]
RiskState = Annotated[str, OpenEnum(vocabulary.RISK_STATES)]
Seriousness = Annotated[str, OpenEnum(vocabulary.SERIOUSNESS)]
CallTier = Annotated[str, OpenEnum(vocabulary.CALL_TIERS)]
TargetRole = Annotated[str, OpenEnum(vocabulary.TARGET_ROLES)]


class Value(BaseModel):
    """Base of every value object: immutable, and unknown keys are rejected."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_serialization_defaults_required=True,
        str_strip_whitespace=True,
        defer_build=True,
    )


@dataclass(frozen=True, slots=True)
class RecordSlug:
    """Mark of a field that holds the slug, or a list of slugs, of records of a type. Responses hold references instead."""

    record_type: str


@cache
def list_references(model: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Fields of a value object that refer to records, each with the type of these records."""
    return tuple(
        (name, mark.record_type)
        for name, field in model.model_fields.items()
        for mark in field.metadata
        if isinstance(mark, RecordSlug)
    )


class Quantity(Value):
    """A number with its unit, from the source. A single figure has `min` = `max`; null means that this end is not stated."""

    name: str = Field(description="What is counted or measured.")
    min: float | None = Field(default=None, description="Lower end; null: the source gives none.")
    max: float | None = Field(default=None, description="Upper end; null: the source gives none.")
    unit: str = Field(min_length=1, description="Unit of `min` and `max`, as the source uses it.")

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.min is None and self.max is None:
            msg = f"quantity {self.name!r} has neither min nor max"
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = f"quantity {self.name!r}: min {self.min} is above max {self.max}"
            raise ValueError(msg)
        if self.unit == "percent" and any(end is not None and abs(end) > 100 for end in (self.min, self.max)):
            msg = f"quantity {self.name!r}: percentage above 100"
            raise ValueError(msg)
        return self


class NamedDetail(Value):
    """A named detail of a claim that has no dedicated field."""

    name: str = Field(description="Name of the detail.")
    text: str = Field(description="The detail, in words.")


class Qualifiers(Value):
    """Population, technique, comparator and other conditions of a claim. Null: the source (as read) does not say."""

    population: str | None = Field(default=None, description="Who was treated; null: not stated.")
    technique: str | None = Field(default=None, description="Variant of the procedure; null: not stated.")
    comparator: str | None = Field(default=None, description="What it was compared with; null: nothing, or not stated.")
    comparator_is_sham: bool | None = Field(
        default=None, description="Whether the comparator was a sham; null: not stated."
    )
    definition: str | None = Field(default=None, description="How the outcome was defined; null: not stated.")
    time: str | None = Field(default=None, description="When it was measured, in the source's words; null: not stated.")
    n: int | None = Field(
        default=None, ge=0, le=100_000_000, description="People (or units) counted; null: not stated."
    )
    drug: str | None = Field(default=None, description="Drug used; null: not stated.")
    dose: str | None = Field(default=None, description="Dose used; null: not stated.")
    funding: str | None = Field(default=None, description="Who paid for the study; null: not stated.")


class SourceDuration(Value):
    """Numbers of a source that are not whole, with their unit; `min` and `max` of the duration are converted from them."""

    min: float | None = Field(default=None, gt=0, description="Shortest; null: the source gives no lower end.")
    max: float | None = Field(default=None, gt=0, description="Longest; null: the source gives no upper end.")
    unit: Annotated[str, OpenEnum(DURATION_UNITS)] = Field(description="Unit of `min` and `max`.")

    @model_validator(mode="after")
    def _check_fraction(self) -> Self:
        if all(end is None or end.is_integer() for end in (self.min, self.max)):
            msg = "no number with a fraction: omit source_value and write min and max"
            raise ValueError(msg)
        return self


class _DurationRange(Value):
    min: Duration | None = Field(default=None, description="Shortest; null: the source gives no lower end.")
    max: Duration | None = Field(default=None, description="Longest; null: the source gives no upper end.")
    magnitude: Magnitude = Field(description="Order of magnitude of the duration, present even if no number is given.")
    label: str = Field(description="The duration in words, exactly as precise as the source.")
    text: str | None = Field(default=None, description="The source's own vague phrase; null: the source is numeric.")
    source_value: SourceDuration | None = Field(
        default=None, description="Numbers of the source; null: `min` and `max` are its own numbers."
    )

    @model_validator(mode="after")
    def _check_source_value(self) -> Self:
        if source := self.source_value:
            for name, end, number in (("min", self.min, source.min), ("max", self.max, source.max)):
                expected = None if number is None else to_whole_duration(number, source.unit)
                if end != expected:
                    msg = f"{name} is {end}, but source_value gives {expected}"
                    raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.min is not None and self.max is not None and duration_to_days(self.min) > duration_to_days(self.max):
            msg = f"min {self.min} is longer than max {self.max}"
            raise ValueError(msg)
        return self


class ReliefDurationValue(_DurationRange):
    """An estimate of how long relief lasts. "Over two years" has no maximum; "several months" has neither end."""

    measure: Measure = Field(description="What was measured.")
    statistic: Statistic = Field(description="Which statistic the figures are.")
    intent: Intent = Field(description="Whether the relief is from a test block or from a treatment.")
    covers: Annotated[str, OpenEnum(vocabulary.RELIEF_COVERAGE)] = Field(
        default="procedure", description="What the estimate is about: only one of the whole procedure can be typical."
    )
    ongoing: bool = Field(
        default=False, description="Relief was still present when observation ended: the figure is a minimum."
    )
    quantities: list[Quantity] = Field(default=[], description="Further figures of the same statement.")
    details: list[NamedDetail] = Field(default=[], description="Further details of the same statement.")


class OnsetValue(_DurationRange):
    """How soon relief begins."""

    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class ResponseRateValue(Value):
    """Share of people who reach a stated degree of relief at a stated time."""

    percent_min: Percent | None = Field(
        default=None, description="Share in percent; equal to percent_max for a single figure; null: not given."
    )
    percent_max: Percent | None = Field(default=None, description="Share in percent; null: not given.")
    responders: int | None = Field(default=None, ge=0, description="People who responded; null: not given.")
    n_at: int | None = Field(default=None, ge=0, description="People seen at that time; null: not given.")
    lost: int | None = Field(default=None, ge=0, description="People lost by then; null: not given.")
    at: Duration | None = Field(default=None, description="Follow-up; null: not given as a single time.")
    at_label: str | None = Field(default=None, description="Follow-up in words; null: not stated.")
    ci_low: float | None = Field(
        default=None, ge=-100, le=100, description="Lower 95% confidence limit; null: not given."
    )
    ci_high: float | None = Field(
        default=None, ge=-100, le=100, description="Upper 95% confidence limit; null: not given."
    )
    comparator_percent: Percent | None = Field(
        default=None, description="Share in the comparison group; null: none or not given."
    )
    comparator_responders: int | None = Field(default=None, ge=0, description="Null: not given.")
    comparator_n: int | None = Field(default=None, ge=0, description="Null: not given.")
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
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


class Scale(Value):
    """Scale of an outcome."""

    name: str = Field(min_length=1, description="Name of the scale.")
    min: float = Field(description="Lowest score.")
    max: float = Field(description="Highest score.")
    better: Literal["low", "high"] = Field(description="Which end is better.")
    mcid: float | None = Field(
        default=None, gt=0, description="Smallest difference that matters, as the source states it; null: not stated."
    )

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.min >= self.max:
            msg = f"scale {self.name!r}: min {self.min} is not below max {self.max}"
            raise ValueError(msg)
        return self


class FindingValue(Value):
    """An outcome with its effect, comparator and direction."""

    outcome: str = Field(description="What was measured.")
    scale: Scale | None = Field(default=None, description="Scale of the effect; null: it is not a score.")
    effect: str | None = Field(default=None, description="The effect as stated by the source; null: no figure given.")
    interval: str | None = Field(
        default=None, description="Confidence interval as stated by the source; null: not given."
    )
    direction: Direction = Field(description="Direction of the effect.")
    at: Duration | None = Field(default=None, description="Follow-up; null: not given as a single time.")
    at_label: str | None = Field(default=None, description="Follow-up in words; null: not stated.")
    ceiling: bool = Field(default=False, description="The figure is a ceiling, not a typical value.")
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class RecommendationValue(Value):
    """Recommendation of a body."""

    body: str = Field(description="Body that recommends.")
    procedures: Annotated[list[str], RecordSlug("procedure")] = Field(
        default=[], description="Slugs of the procedures that it is about; empty: the subject itself, or other care."
    )
    year: int | None = Field(default=None, ge=1900, le=2100, description="Null: not stated.")
    position: Position = Field(description="Position of the body.")
    scope: str | None = Field(default=None, description="What the position covers; null: not stated.")
    grade_stated: str | None = Field(
        default=None, description="The grade that the body states, in its own words; null: none."
    )
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class EvidenceGradeValue(Value):
    """Evidence grade stated by a body or review."""

    body: str | None = Field(default=None, description="Who graded; null: not named.")
    grade_stated: str = Field(description="The grade, in the source's own words.")
    outcome: str | None = Field(default=None, description="Outcome that the grade applies to; null: not stated.")
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class CoverageValue(Value):
    """Coverage policy of a payer."""

    payer: str = Field(description="Payer or program.")
    jurisdiction: str | None = Field(default=None, description="Null: not stated.")
    position: str | None = Field(
        default=None, description="Covered, not covered, limited, etc., in the source's words; null: not stated."
    )
    criteria: list[str] = Field(default=[], description="Criteria for coverage, in the source's words.")
    as_of: str | None = Field(default=None, description="Date or year of the policy; null: not stated.")
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class ProcedureRiskValue(Value):
    """Observed frequency of a risk, limited to what the source states."""

    risk: Annotated[str, RecordSlug("risk")] = Field(description="Slug in the risk catalog.")
    phrase: str = Field(description="What the source calls it.")
    state: RiskState = Field(description="Whether the risk was seen, looked for or reported.")
    observed: int | None = Field(default=None, ge=0, description="Events counted; null: not given.")
    n: int | None = Field(default=None, ge=0, description="Denominator of `observed`; null: not given.")
    percent_min: Percent | None = Field(
        default=None, description="Rate in percent: lower end or single figure; null: not given."
    )
    percent_max: Percent | None = Field(
        default=None, description="Rate in percent: upper end or single figure; null: not given."
    )
    ci_low: Percent | None = Field(default=None, description="Lower 95% confidence limit in percent; null: not given.")
    ci_high: Percent | None = Field(default=None, description="Upper 95% confidence limit in percent; null: not given.")
    per: Annotated[str, OpenEnum(vocabulary.RISK_DENOMINATORS)] | None = Field(
        default=None, description="What `n` and the rates count; null: the claim has no rate."
    )
    attribution: Annotated[str, OpenEnum(vocabulary.RISK_ATTRIBUTIONS)] | None = Field(
        default=None,
        description="Cause of the events that were counted; null: not looked up. Always given if none were seen.",
    )
    timeframe: str | None = Field(default=None, description="Period of observation; null: not stated.")
    frequency_words: str | None = Field(default=None, description="Frequency in the source's own words; null: none.")
    severity: str | None = Field(default=None, description="As stated by the source; null: not stated.")
    seriousness: Seriousness | None = Field(
        default=None,
        description="How serious the source says that it was, if more than the catalog says; null: as the catalog.",
    )
    temporary: bool | None = Field(default=None, description="As stated by the source; null: not stated.")
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []

    @model_validator(mode="after")
    def _check_rates(self) -> Self:
        if self.observed is not None and self.n is not None and self.observed > self.n:
            msg = f"{self.observed} events of {self.n} is impossible: state the unit in `per` or check the figures"
            raise ValueError(msg)
        for low, high in ((self.percent_min, self.percent_max), (self.ci_low, self.ci_high)):
            if low is not None and high is not None and low > high:
                msg = f"rate: lower {low} is above upper {high}"
                raise ValueError(msg)
        if self.state == "none_seen" and (self.observed or self.percent_min):
            msg = "state is none_seen but events are given: use known"
            raise ValueError(msg)
        return self


class TargetValue(Value):
    """Pain generator that the procedure diagnoses or treats."""

    pain_generator: Annotated[str, RecordSlug("pain_generator")] = Field(description="Slug of the pain generator.")
    role: TargetRole = Field(description="What the procedure does there: diagnoses or treats.")


class IndicationValue(Value):
    """Condition that the procedure is used for."""

    condition: Annotated[str, RecordSlug("condition")] = Field(description="Slug of the condition.")
    role: TargetRole = Field(description="What the procedure is used for: to diagnose or to treat.")


class StatementValue(Value):
    """Claim in words: a label, quantities, details and the records it mentions."""

    label: str = Field(min_length=1, description="Short summary of the claim.")
    values: list[str] = Field(
        default=[],
        description="Values from the claim kind's vocabulary (guidance, anesthesia, setting), or codes.",
    )
    pain_generators: Annotated[list[str], RecordSlug("pain_generator")] = Field(
        default=[], description="Slugs of the pain generators mentioned."
    )
    conditions: Annotated[list[str], RecordSlug("condition")] = Field(
        default=[], description="Slugs of the conditions mentioned."
    )
    procedures: Annotated[list[str], RecordSlug("procedure")] = Field(
        default=[], description="Slugs of the procedures mentioned."
    )
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class ContraindicationValue(StatementValue):
    """Reason against the procedure, or for care with it."""

    topics: list[Annotated[str, OpenEnum(vocabulary.CONTRAINDICATION_TOPICS)]] = Field(
        min_length=1, description="What it is about: lists of procedures filter by it."
    )
    strength: Annotated[str, OpenEnum(vocabulary.CONTRAINDICATION_STRENGTHS)] = Field(
        default="not_stated", description="How strongly the source rules the procedure out."
    )


class BleedingRiskValue(Value):
    """Class of bleeding risk that a body gives the procedure."""

    risk_class: Annotated[str, OpenEnum(vocabulary.BLEEDING_RISK_CLASSES)] = Field(description="Class in the scheme.")
    scheme: str = Field(min_length=1, description="Scheme with its year, and who adapted it.")
    named_as: str | None = Field(
        default=None, description="What the scheme calls the procedure, or the class of procedures; null: the same."
    )
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []


class SafetyWarningValue(StatementValue):
    """Warning of a regulator or another public body."""

    body: str = Field(min_length=1, description="Body that warns.")
    date: str | None = Field(
        default=None, pattern=patterns.PARTIAL_DATE, description="Year, month or day of the warning; null: not stated."
    )
    boxed: bool = Field(default=False, description="Boxed warning of a label.")


class ImplantCompatibilityValue(StatementValue):
    """Whether the procedure goes with an implant or a device of the patient, or the implant with another treatment."""

    device: str = Field(min_length=1, description="Implant, device or treatment that it meets.")
    position: Annotated[str, OpenEnum(vocabulary.IMPLANT_POSITIONS)] = Field(description="What the source says of it.")


class PracticeValue(StatementValue):
    """Practical fact of a topic that few sources report."""

    topic: Annotated[str, OpenEnum(vocabulary.PRACTICE_TOPICS)] = Field(description="Topic of the fact.")


class WhenToCallValue(Value):
    """Signs, and how soon to get help for them."""

    tier: CallTier = Field(description="How soon to get help.")
    signs: list[str] = Field(min_length=1, description="Signs in everyday words.")
    emergencies: Annotated[list[str], RecordSlug("emergency")] = Field(
        default=[], description="Slugs of the emergencies that the signs can mean."
    )
    source_advice: str | None = Field(
        default=None, description="What the source tells people to do, where that is less urgent; null: the same."
    )
    quantities: list[Quantity] = []
    details: list[NamedDetail] = []
