"""Query parameters: a model for each list, and what the models share. FastAPI documents and validates them."""

import warnings
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic.warnings import UnsupportedFieldAttributeWarning

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.patterns import SHORT_DURATION, VERSION
from app.domain.record_types import RECORD_TYPES
from app.domain.values import (
    BodyRegion,
    CallTier,
    ClosedEnum,
    Direction,
    Intent,
    Measure,
    OpenEnum,
    Position,
    Statistic,
    TargetRole,
)
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext
from app.http.search import search_records
from app.http.slug_resolution import resolve_filter_value
from app.queries.list_filter import Filters, SortOrder
from app.queries.lists import DEFAULT_PAGE_SIZE
from app.queries.releases import list_versions
from app.schemas.building_blocks import Family

# FastAPI wraps a query model in field metadata that pydantic warns about. It silences the warning only while it builds the
# model itself, and these models are built later (`defer_build`).
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
MAX_VALUES = 20
PROCEDURE_FACETS = (
    "family",
    "intent",
    "body_region",
    "guidance",
    "anesthesia",
    "setting",
    "implant",
    "position",
    "contraindication_topic",
    "bleeding_risk",
)
ESTIMATE_FACETS = ("procedure", "family", "body_region", "design", "commercial")
# Descriptions.
FACET = "Filters to count the values of."
ROLE = "What the procedure does there: diagnoses or treats."
UNKNOWN_LAST = "Sort order; unknown values are last in both directions."
# Lists, true or false, but no filters.
_NOT_FILTERS: Final = frozenset({"facet", "bom"})

OptionalBool = bool | SkipJsonSchema[None]
DesignValue = Annotated[str, OpenEnum(vocabulary.DESIGNS)]
MinRelief = Annotated[str, Field(pattern=SHORT_DURATION, max_length=40)] | SkipJsonSchema[None]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]


def repeatable(description: str) -> Any:  # noqa: ANN401 - a field of any list
    """A parameter that may be repeated; records that match any of its values pass."""
    return Field(default_factory=list, max_length=MAX_VALUES, description=description)


def optional(description: str) -> Any:  # noqa: ANN401 - a field of any type
    """A parameter that may be left out."""
    return Field(default=None, description=description)


def sort_order(description: str) -> Any:  # noqa: ANN401 - a field
    """A sort order, by name unless the request says otherwise."""
    return Field(default="name", description=description)


def one_of(*names: str) -> Any:  # noqa: ANN401 - an annotation
    """Annotation of a parameter that takes one of these names."""
    return ClosedEnum(dict.fromkeys(names, ""))


class ReleaseParams(BaseModel):
    """Parameter of every path."""

    # Built on the first request: building dozens of models at startup would only slow it down.
    model_config = ConfigDict(extra="forbid", defer_build=True)

    release: Annotated[str, Field(max_length=80, pattern=VERSION)] | SkipJsonSchema[None] = optional(
        "Required release version: 410 if another release is current."
    )


class PagingParams(ReleaseParams):
    """Parameters that select a page."""

    limit: int = Field(default=DEFAULT_PAGE_SIZE, ge=1, le=100, description="Maximum rows per page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = optional(
        "`page.next` of the previous page; valid for one release."
    )


class ListParams(ReleaseParams):
    """Parameters that select and sort the rows of a list."""

    def build_order(self) -> SortOrder:
        """Requested sort order."""
        sort = str(getattr(self, "sort", "name"))
        if sort.lstrip("-") == "name":
            return SortOrder(reverse=sort.startswith("-"))
        return SortOrder(sort)

    def build_filters(self, ctx: RequestContext) -> Filters:
        """Requested filters: a parameter that is a list, or true or false, filters by the facet of its name.

        Names of records become slugs. Raises InvalidParameter if a name is unknown or ambiguous.
        """
        values_by_facet: dict[str, tuple[str, ...]] = {}
        for name in type(self).model_fields:
            selected = None if name in _NOT_FILTERS else getattr(self, name)
            if isinstance(selected, bool):
                values_by_facet[name] = ("true" if selected else "false",)
            elif isinstance(selected, list) and selected:
                slugs_or_values = resolve_slugs(ctx, name, selected) if name in RECORD_TYPES else selected
                values_by_facet[name] = tuple(dict.fromkeys(slugs_or_values))
        return Filters(values_by_facet)


class PageParams(ListParams, PagingParams):
    """Parameters of every list with filters."""

    @property
    def facets(self) -> list[str]:
        """Names of the requested facets."""
        return list(getattr(self, "facet", []))


def resolve_slugs(ctx: RequestContext, record_type: str, values: list[str]) -> tuple[str, ...]:
    """Slugs for the values of a record filter, which is named after its record type.

    Raises InvalidParameter if a value is unknown or ambiguous.
    """
    return tuple(dict.fromkeys(resolve_filter_value(ctx, record_type, record_type, value) for value in values))


def parse_min_relief(value: str | None) -> float | None:
    """Days of a `min_relief` duration. Raises InvalidParameter if it is not a duration."""
    if value is None:
        return None
    try:
        return duration_to_days(value)
    except ValueError as error:
        raise InvalidParameter(f"min_relief: {error}", errors=(FieldError("min_relief", value, str(error)),)) from None


class ProcedureFilterParams(ListParams):
    """Filters of a list of procedures."""

    family: list[Family] = repeatable("Family of the procedure.")
    intent: list[Intent] = repeatable("Purpose of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    guidance: list[Annotated[str, OpenEnum(vocabulary.GUIDANCE)]] = repeatable("Guidance of the needle.")
    anesthesia: list[Annotated[str, OpenEnum(vocabulary.ANESTHESIA)]] = repeatable("Anesthesia.")
    setting: list[Annotated[str, OpenEnum(vocabulary.SETTINGS)]] = repeatable("Setting in which it is done.")
    position: list[Position] = repeatable(
        "Position that a body takes on the procedure, or on a broader or narrower form of it."
    )
    contraindication_topic: list[Annotated[str, OpenEnum(vocabulary.CONTRAINDICATION_TOPICS)]] = repeatable(
        "Topic of a contraindication of the procedure or a narrower form of it."
    )
    bleeding_risk: list[Annotated[str, OpenEnum(vocabulary.BLEEDING_RISK_CLASSES)]] = repeatable(
        "Highest class of bleeding risk that a body gives the procedure or a narrower form of it."
    )
    implant: OptionalBool = optional("Whether the procedure leaves an implant in the body.")
    min_relief: MinRelief = optional(
        "Minimum typical relief (ISO 8601 duration); procedures with unknown relief never match."
    )
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "updated", "-updated")] = sort_order(
        "Sort order; unknown relief is last in both directions."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        return replace(super().build_filters(ctx), min_relief_days=parse_min_relief(self.min_relief))


class LinkedProcedureParams(ProcedureFilterParams, PageParams):
    """Parameters of the list of procedures that diagnose or treat a record."""

    role: list[TargetRole] = repeatable(ROLE)
    facet: list[Annotated[str, one_of("role", *PROCEDURE_FACETS)]] = repeatable(FACET)


def release_index(ctx: RequestContext, version: str) -> int:
    """Position of a version in the release history. Raises InvalidParameter if there is no such release."""
    versions = ctx.cached(("versions",), lambda: _versions(ctx))
    if version not in versions:
        message = f"unknown release; known releases: {', '.join(versions)}"
        raise InvalidParameter(
            f"updated_since: {message}",
            errors=(FieldError("updated_since", version, message),),
            suggestions=tuple(versions[-3:]),
        )
    return versions.index(version)


def _versions(ctx: RequestContext) -> list[str]:
    versions = list_versions(ctx.transaction)
    return versions if ctx.release.version in versions else [*versions, ctx.release.version]


class ProcedureListFilterParams(ProcedureFilterParams):
    """Filters of the list of procedures."""

    role: list[TargetRole] = repeatable(ROLE)
    pain_generator: list[ShortText] = repeatable("Slug or name; includes narrower records.")
    condition: list[ShortText] = repeatable("Slug or name; includes narrower records.")
    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    risk: list[ShortText] = repeatable(
        "Slug or name; procedures for which this risk is reported, of themselves or of a narrower form."
    )
    q: ShortText | SkipJsonSchema[None] = optional("Text to find in the names and the summary of the procedure.")
    updated_since: Annotated[str, Field(max_length=40, pattern=VERSION)] | SkipJsonSchema[None] = optional(
        "Release version; only records changed after it."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        filters = super().build_filters(ctx)
        since = None if self.updated_since is None else release_index(ctx, self.updated_since)
        slugs_by_text = None
        if self.q is not None:
            _, hits = search_records(ctx, self.q, ("procedure",))
            slugs_by_text = tuple(sorted(hit.record.slug for hit in hits))
        return replace(filters, updated_since=since, slugs=slugs_by_text)


class ProcedureParams(ProcedureListFilterParams, PageParams):
    """Parameters of the list of procedures."""

    facet: list[Annotated[str, one_of("pain_generator", "condition", "role", *PROCEDURE_FACETS, "risk")]] = repeatable(
        FACET
    )


class TargetFilterParams(ListParams):
    """Filters of the list of targets."""

    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    pain_generator: list[ShortText] = repeatable("Slug or name; includes narrower pain generators.")
    role: list[TargetRole] = repeatable(ROLE)
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    sort: Annotated[str, one_of("name", "-name")] = sort_order("Sort order: by procedure, then by pain generator.")


class TargetParams(TargetFilterParams, PageParams):
    """Parameters of the list of targets."""

    facet: list[Annotated[str, one_of("procedure", "pain_generator", "role", "family", "body_region")]] = repeatable(
        FACET
    )


class EstimateFilterParams(ListParams):
    """Filters shared by the lists of estimates."""

    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    condition: list[ShortText] = repeatable("Slug or name; procedures indicated for this condition.")
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    design: list[DesignValue] = repeatable("Kind of a source that supports it.")
    commercial: OptionalBool = optional("Whether it rests on a maker's or a practice's own words alone.")


class ReliefDurationFilterParams(EstimateFilterParams):
    """Filters of the list of relief durations."""

    intent: list[Intent] = repeatable("Purpose of the procedure.")
    measure: list[Measure] = repeatable("Outcome measure.")
    statistic: list[Statistic] = repeatable("Statistic that the figure reports.")
    typical: OptionalBool = optional("Whether it is the typical estimate for its procedure and intent.")
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "year", "-year")] = sort_order(UNKNOWN_LAST)


class ReliefDurationParams(ReliefDurationFilterParams, PageParams):
    """Parameters of the list of relief durations."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS, "intent", "measure", "statistic", "typical")]] = repeatable(
        FACET
    )


class ResponseRateFilterParams(EstimateFilterParams):
    """Filters of the list of response rates."""

    sort: Annotated[str, one_of("name", "-name", "percent", "-percent", "at", "-at", "year", "-year")] = sort_order(
        UNKNOWN_LAST
    )


class ResponseRateParams(ResponseRateFilterParams, PageParams):
    """Parameters of the list of response rates."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS)]] = repeatable(FACET)


class FindingFilterParams(EstimateFilterParams):
    """Filters of the list of findings."""

    direction: list[Direction] = repeatable("Direction of the finding.")
    sham: OptionalBool = optional("Whether the comparator was a sham; findings that do not say so never match.")
    sort: Annotated[str, one_of("name", "-name", "at", "-at", "year", "-year")] = sort_order(UNKNOWN_LAST)


class FindingParams(FindingFilterParams, PageParams):
    """Parameters of the list of findings."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS, "direction", "sham")]] = repeatable(FACET)


class MatrixParams(ReleaseParams):
    """Filters of the matrix."""

    role: list[TargetRole] = repeatable(ROLE)
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")


class ConditionParams(PageParams):
    """Filters of the list of conditions."""

    body_region: list[BodyRegion] = repeatable("Body region.")
    pain_generator: list[ShortText] = repeatable("Slug or name; conditions that arise from this pain generator.")
    stub: OptionalBool = optional("Whether the condition is only named by the evidence, not described.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = sort_order("Sort order.")
    facet: list[Annotated[str, one_of("body_region", "pain_generator", "stub")]] = repeatable(FACET)


class PainGeneratorParams(PageParams):
    """Filters of the list of pain generators."""

    kind: list[Annotated[str, OpenEnum(vocabulary.GENERATOR_KINDS)]] = repeatable("Kind of structure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    condition: list[ShortText] = repeatable("Slug or name; generators that this condition arises from.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = sort_order("Sort order.")
    facet: list[Annotated[str, one_of("kind", "body_region", "condition")]] = repeatable(FACET)


class EmergencyParams(PageParams):
    """Filters of the list of emergencies."""

    tier: list[CallTier] = repeatable("How soon to get help; emergencies with a sign of this tier.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = sort_order("Sort order.")
    facet: list[Annotated[str, one_of("tier")]] = repeatable(FACET)


class RiskParams(PageParams):
    """Filters of the list of risks."""

    category: list[Annotated[str, OpenEnum(vocabulary.RISK_CATEGORIES)]] = repeatable("Category of the risk.")
    procedure: list[ShortText] = repeatable("Slug or name; risks reported for this procedure.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = sort_order("Sort order.")
    facet: list[Annotated[str, one_of("category", "procedure")]] = repeatable(FACET)


class RiskProcedureParams(ProcedureFilterParams, PageParams):
    """Parameters of the list of procedures for which a risk is reported."""

    facet: list[Annotated[str, one_of(*PROCEDURE_FACETS)]] = repeatable(FACET)


class SourceFilterParams(ListParams):
    """Filters of the list of sources."""

    design: list[DesignValue] = repeatable("Study design.")
    commercial: OptionalBool = optional(
        "Whether the source is a practice or a manufacturer writing about its own offer."
    )
    standing: list[Annotated[str, OpenEnum(vocabulary.SOURCE_STANDINGS)]] = repeatable("Standing of the source.")
    sort: Annotated[str, one_of("name", "-name", "year", "-year", "updated", "-updated")] = sort_order(
        "Sort order; an unknown year is last in both directions."
    )


class SourceParams(SourceFilterParams, PageParams):
    """Parameters of the list of sources."""

    facet: list[Annotated[str, one_of("design", "commercial", "standing")]] = repeatable(FACET)


class ChangeFilterParams(ListParams):
    """Filters of the changes of a release."""

    entity: list[ShortText] = repeatable("Seed folder and slug of a record, such as procedures/vertebroplasty.")
    type: list[ShortText] = repeatable("Record type.")
    change: list[Annotated[str, one_of("added", "changed", "removed")]] = repeatable("Kind of change.")


class ChangeParams(ChangeFilterParams, PageParams):
    """Parameters of the list of changes."""

    facet: list[Annotated[str, one_of("type", "change", "entity")]] = repeatable(FACET)


class BatchParams(ReleaseParams):
    """Requested records."""

    slug: list[ShortText] = Field(min_length=1, max_length=50, description="Slug or name of a record; may be repeated.")


class CompareParams(ReleaseParams):
    """Procedures to compare."""

    procedure: list[ShortText] = Field(min_length=2, max_length=6, description="Slug or name; given two to six times.")


# Handlers take it unused: FastAPI rejects unknown parameters with it, and the request context checks `release`.
ReleaseQuery = Annotated[ReleaseParams, Query()]
PagingQuery = Annotated[PagingParams, Query()]
PageQuery = Annotated[PageParams, Query()]
LinkedProcedureQuery = Annotated[LinkedProcedureParams, Query()]
BatchQuery = Annotated[BatchParams, Query()]
