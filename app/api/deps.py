"""Dependencies of route handlers: the request context, and every shared parameter, declared once."""

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic.warnings import UnsupportedFieldAttributeWarning

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.patterns import PATH_SLUG, SHORT_DURATION, VERSION
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.domain.values import ClosedEnum, OpenEnum
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext, request_context
from app.http.pagination import paginate
from app.http.problems import list_query_params, repeated_parameter
from app.http.slug_resolution import check_record_exists, resolve_filter_value
from app.queries.list_filter import Filters, SortOrder
from app.queries.lists import DEFAULT_PAGE_SIZE

MAX_VALUES = 20
FACET = "Filters to count the values of."
ROLE = "What the procedure does there: diagnoses or treats."
# FastAPI wraps a query model in field metadata that pydantic warns about. It silences the warning only while it builds the
# model itself, and these models are built later (`defer_build`).
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


async def get_context(request: Request) -> AsyncIterator[RequestContext]:
    """Request context. Its snapshot is closed when the response is built, or here at the latest."""
    with request_context(request) as ctx:
        yield ctx


Context = Annotated[RequestContext, Depends(get_context)]
PathSlug = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description="Slug. A former slug or another known name redirects to it.",
        # In the document alone, so that `{slug}` and `{slug}.jsonld` do not overlap; names with other characters redirect.
        json_schema_extra={"pattern": PATH_SLUG},
    ),
]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]


def repeatable(description: str) -> Any:  # noqa: ANN401 - a field of any list
    """A parameter that may be repeated; records that match any of its values pass."""
    return Field(default_factory=list, max_length=MAX_VALUES, description=description)


class StrictRoute(APIRoute):
    """Route that rejects a repeated scalar parameter: either of its values could be the intended one."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                _reject_repeated(request)
            return await handle(request)

        return handle_strictly


def _reject_repeated(request: Request) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = {name for name in names if names.count(name) > 1}
    if not repeated:
        return
    fields = list_query_params(request)
    scalars = {name for name in repeated if name in fields and not _is_repeatable(fields[name].annotation)}
    if scalars:
        raise repeated_parameter({name: request.query_params.getlist(name)[-1] for name in scalars})


def _is_repeatable(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return getattr(annotation, "__origin__", None) is list


class ReleaseParams(BaseModel):
    """Parameter of every path."""

    # Built on the first request: building dozens of models at startup would only slow it down.
    model_config = ConfigDict(extra="forbid", defer_build=True)

    release: Annotated[str, Field(max_length=80, pattern=VERSION)] | SkipJsonSchema[None] = Field(
        default=None, description="Required release version: 410 if another release is current."
    )


class PagingParams(ReleaseParams):
    """Parameters that select a page."""

    limit: int = Field(default=DEFAULT_PAGE_SIZE, ge=1, le=100, description="Maximum rows per page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = Field(
        default=None, description="`page.next` of the previous page; valid for one release."
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
        """Requested filters, with record names resolved to slugs.

        Raises InvalidParameter if a name is unknown or ambiguous.
        """
        del ctx
        return Filters()


class PageParams(ListParams, PagingParams):
    """Parameters of every list with filters."""

    @property
    def facets(self) -> list[str]:
        """Names of the requested facets."""
        return list(getattr(self, "facet", []))


def one_of(*names: str) -> Any:  # noqa: ANN401 - an annotation
    """Annotation of a parameter that takes one of these names."""
    return ClosedEnum(dict.fromkeys(names, ""))


def list_page(
    ctx: RequestContext, path: str, params: PageParams, *, table: bool = False, has_status: bool = False
) -> Response:
    """One page of the list at `path`, as the parameters select it.

    `table`: the list is also served as CSV. `has_status`: the page says whether the whole list is known.
    """
    return paginate(
        ctx,
        path,
        filters=params.build_filters(ctx),
        order=params.build_order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=table,
        has_status=has_status,
    )


def list_procedures_of_record(ctx: RequestContext, record_type: str, slug: str, params: PageParams) -> Response:
    """One page of the procedures that are linked to a record."""
    check_record_exists(ctx, record_type, slug)
    return list_page(ctx, f"{PATH_BY_RECORD_TYPE[record_type]}/{slug}/procedures", params, has_status=True)


def resolve_slugs(ctx: RequestContext, record_type: str, values: list[str]) -> tuple[str, ...]:
    """Slugs for the values of a record filter, which is named after its record type.

    Raises InvalidParameter if a value is unknown or ambiguous.
    """
    return tuple(dict.fromkeys(resolve_filter_value(ctx, record_type, record_type, value) for value in values))


def non_empty(**facets: Sequence[str] | None) -> dict[str, tuple[str, ...]]:
    """Facets that have values, each value once."""
    return {name: tuple(dict.fromkeys(values)) for name, values in facets.items() if values}


def bool_facet(value: bool | None) -> list[str]:  # noqa: FBT001 - a value, not a switch
    """Facet value of an optional boolean."""
    return [] if value is None else ["true" if value else "false"]


OptionalBool = bool | SkipJsonSchema[None]
FamilyValue = Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]
IntentValue = Annotated[str, OpenEnum(vocabulary.INTENTS)]
RegionValue = Annotated[str, OpenEnum(vocabulary.BODY_REGIONS)]
GuidanceValue = Annotated[str, OpenEnum(vocabulary.GUIDANCE)]
AnesthesiaValue = Annotated[str, OpenEnum(vocabulary.ANESTHESIA)]
SettingValue = Annotated[str, OpenEnum(vocabulary.SETTINGS)]
RoleValue = Annotated[str, OpenEnum(vocabulary.TARGET_ROLES)]
GradeValue = Annotated[str, OpenEnum(vocabulary.GRADES)]
DesignValue = Annotated[str, OpenEnum(vocabulary.DESIGNS)]
MinRelief = Annotated[str, Field(pattern=SHORT_DURATION, max_length=40)] | SkipJsonSchema[None]


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

    family: list[FamilyValue] = repeatable("Family of the procedure.")
    intent: list[IntentValue] = repeatable("Purpose of the procedure.")
    body_region: list[RegionValue] = repeatable("Body region.")
    guidance: list[GuidanceValue] = repeatable("Guidance of the needle.")
    anesthesia: list[AnesthesiaValue] = repeatable("Anesthesia.")
    setting: list[SettingValue] = repeatable("Setting in which it is done.")
    implant: OptionalBool = Field(default=None, description="Whether the procedure leaves an implant in the body.")
    min_relief: MinRelief = Field(
        default=None,
        description="Minimum typical relief (ISO 8601 duration); procedures with unknown relief never match.",
    )
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "updated", "-updated")] = Field(
        default="name", description="Sort order; unknown relief is last in both directions."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        del ctx
        return Filters(self._shared_facets(), parse_min_relief(self.min_relief))

    def _shared_facets(self) -> dict[str, tuple[str, ...]]:
        return non_empty(
            family=self.family,
            intent=self.intent,
            body_region=self.body_region,
            guidance=self.guidance,
            anesthesia=self.anesthesia,
            setting=self.setting,
            implant=bool_facet(self.implant),
        )


class ProcedureLookupParams(ProcedureFilterParams, PageParams):
    """Parameters of the list of procedures that diagnose or treat a record."""

    role: list[RoleValue] = repeatable(ROLE)
    facet: list[
        Annotated[
            str, one_of("role", "family", "intent", "body_region", "guidance", "anesthesia", "setting", "implant")
        ]
    ] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        filters = super().build_filters(ctx)
        return replace(filters, values_by_facet={**filters.values_by_facet, **non_empty(role=self.role)})


# Handlers take it unused: FastAPI rejects unknown parameters with it, and the request context checks `release`.
ReleaseQuery = Annotated[ReleaseParams, Query()]
PagingQuery = Annotated[PagingParams, Query()]
PageQuery = Annotated[PageParams, Query()]
ProcedureLookupQuery = Annotated[ProcedureLookupParams, Query()]
