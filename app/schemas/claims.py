"""Claim responses."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, Literal, TypeVar, Union, cast, get_origin

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model

from app.domain import values, vocabulary
from app.domain.claim_kinds import CLAIM_KIND_LABELS, CLAIM_KINDS_BY_RECORD_TYPE, KINDS_BY_VALUE_MODEL
from app.domain.record_types import RECORD_TYPES, get_label
from app.domain.values import OpenEnum, Qualifiers
from app.schemas.building_blocks import (
    Block,
    CitationOut,
    ClaimLinks,
    Lang,
    Ref,
    ResponseModel,
    SelfLink,
    Support,
    TextOut,
)

M = TypeVar("M", bound=BaseModel)
V = TypeVar("V")


class CertaintyOut(ResponseModel):
    """Certainty of the evidence on an outcome, as a review or a guideline states it. It is never computed."""

    rating: Annotated[str, OpenEnum(vocabulary.CERTAINTY_RATINGS)] = Field(description="The rating.")
    stated_by: str = Field(description="Review or body that rates, with its year.")
    outcome: str = Field(description="Outcome that the rating is about.")


class ClaimOutBase(ResponseModel, Generic[V]):
    """Cited statement about a record."""

    id: str = Field(description="Permanent id.")
    kind: str
    subject: Ref
    statement: str
    lang: Lang
    value: V = Field(description="Figures and facts that the claim states.")
    qualifiers: Qualifiers = Field(description="Population, technique, comparator and other conditions.")
    commercial: bool = Field(description="It rests on a maker's or a practice's own words alone.")
    certainty: CertaintyOut | None = Field(
        description="Certainty of the evidence, where a review or a guideline states it; null: none is stated."
    )
    support: Support
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
    seriousness: values.Seriousness = Field(
        description="As the catalog of risks, or more serious if the source says so."
    )
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


class OnsetOut(values.OnsetValue):
    """How soon relief begins."""

    min_days: MinDays
    max_days: MaxDays


class StatementOut(values.StatementValue):
    """Claim in words."""

    pain_generators: list[Ref] = Field(description="Pain generators mentioned.")  # type: ignore[assignment]
    conditions: list[Ref] = Field(description="Conditions mentioned.")  # type: ignore[assignment]
    procedures: list[Ref] = Field(description="Procedures mentioned.")  # type: ignore[assignment]


# Value models that responses hold in another form, with references to records or with what the loader computes.
_VALUES_OUT: Final[Mapping[type[values.Value], type[BaseModel]]] = {
    values.TargetValue: TargetOut,
    values.IndicationValue: IndicationOut,
    values.ProcedureRiskValue: ProcedureRiskOut,
    values.ReliefDurationValue: ReliefDurationOut,
    values.OnsetValue: OnsetOut,
    values.StatementValue: StatementOut,
}


def _build_value_model(model: type[values.Value]) -> type[BaseModel]:
    """Response model of a value: slugs of records become references to them."""
    if model in _VALUES_OUT:
        return _VALUES_OUT[model]
    fields: dict[str, Any] = {}
    for name, record_type in values.list_references(model):
        is_list = get_origin(model.model_fields[name].annotation) is list
        description = f"Reference to {'each' if is_list else 'the'} {get_label(record_type)} of the claim."
        fields[name] = (list[Ref] if is_list else Ref, Field(description=description))
    name = f"{model.__name__.removesuffix('Value')}Out"
    return create_model(name, __base__=model, __doc__=model.__doc__, **fields) if fields else model


def _build_claim_model(model: type[values.Value], claim_kinds: tuple[str, ...]) -> type[ClaimOutBase[Any]]:
    base: Any = ClaimOutBase
    options: dict[str, Any] = {
        "__base__": base[VALUE_MODELS[claim_kinds[0]]],
        "__doc__": model.__doc__,
        "kind": (Literal[claim_kinds], ...),
    }
    name = f"{model.__name__.removesuffix('Value')}ClaimOut"
    return cast("type[ClaimOutBase[Any]]", create_model(name, **options))


# Claim kind -> response model of its values, and of its claims.
VALUE_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    claim_kind: value_model
    for model, claim_kinds in KINDS_BY_VALUE_MODEL.items()
    for value_model in (_build_value_model(model),)
    for claim_kind in claim_kinds
}
CLAIM_MODELS: Final[Mapping[str, type[ClaimOutBase[Any]]]] = {
    claim_kind: claim_model
    for model, claim_kinds in KINDS_BY_VALUE_MODEL.items()
    for claim_model in (_build_claim_model(model, claim_kinds),)
    for claim_kind in claim_kinds
}
if TYPE_CHECKING:
    AnyClaimOut = ClaimOutBase[Any]
    ProcedureValueOut = BaseModel
    StatementClaimOut = ClaimOutBase[Any]
    ProcedureRiskClaimOut = ClaimOutBase[Any]
else:
    StatementClaimOut, ProcedureRiskClaimOut = CLAIM_MODELS["guide"], CLAIM_MODELS["procedure_risk"]
    AnyClaimOut = Annotated[Union[tuple(CLAIM_MODELS.values())], Field(discriminator="kind")]  # noqa: UP007 - the members are known at run time only
    ProcedureValueOut = Union[tuple(VALUE_MODELS[row.name] for row in CLAIM_KINDS_BY_RECORD_TYPE["procedure"])]  # noqa: UP007


def build_page_model(page: Any, claim_kind: str) -> Any:  # noqa: ANN401 - mypy knows no class that is built from a row
    """Response model of a list of claims of one kind, in a generic page model."""
    return page[CLAIM_MODELS[claim_kind]]


def add_claim_blocks(record_type: str) -> Callable[[type[M]], type[M]]:
    """Decorate a detail model: add a block for each claim kind of the record type."""
    blocks = {row.block: Block[CLAIM_MODELS[row.name]] for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]}  # type: ignore[valid-type,name-defined]
    return lambda model: _add_fields(model, blocks)


def add_texts(record_type: str) -> Callable[[type[M]], type[M]]:
    """Decorate a model of texts: add a block for each text of the record type."""
    texts = dict.fromkeys(RECORD_TYPES[record_type].texts, Block[TextOut])
    return lambda model: _add_fields(model, texts)


def _add_fields(model: type[M], fields: Mapping[str, Any]) -> type[M]:
    definitions: dict[str, Any] = {name: (annotation, ...) for name, annotation in fields.items()}
    options: dict[str, Any] = {"__base__": model, "__module__": model.__module__, "__doc__": model.__doc__}
    return cast("type[M]", create_model(model.__name__, **options, **definitions))


# Not RootModel[AnyClaimOut]: pydantic would build that class immediately, despite defer_build.
class ClaimOut(RootModel[Any]):
    """Claim of any kind, discriminated by `kind`."""

    model_config = ConfigDict(defer_build=True)

    root: AnyClaimOut


class ClaimMention(ResponseModel):
    """Reference to a claim."""

    id: str = Field(description="Permanent id.")
    kind: Annotated[str, OpenEnum(CLAIM_KIND_LABELS)] = Field(description="Kind of the claim.")
    statement: str
    subject: Ref
    links: SelfLink
