"""Dependencies of route handlers: the request context, and every shared parameter, declared once."""

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic.warnings import UnsupportedFieldAttributeWarning

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.patterns import PATH_SLUG, SHORT_DURATION, VERSION
from app.domain.record_types import RECORD_TYPES
from app.domain.values import BodyRegion, ClosedEnum, Intent, OpenEnum, TargetRole
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext, request_context
from app.http.problems import list_query_params, repeated_parameter
from app.http.slug_resolution import resolve_filter_value
from app.openapi.responses import error_responses
from app.queries.list_filter import Filters, SortOrder
from app.queries.lists import DEFAULT_PAGE_SIZE
from app.schemas.building_blocks import Family

MAX_VALUES = 20
FACET = "Filters to count the values of."
PROCEDURE_FACETS = ("family", "intent", "body_region", "guidance", "anesthesia", "setting", "implant")
# Lists, true or false, but no filters.
_NOT_FILTERS: Final = frozenset({"facet", "bom"})
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


def optional(description: str) -> Any:  # noqa: ANN401 - a field of any type
    """A parameter that may be left out."""
    return Field(default=None, description=description)


def sort_order(description: str) -> Any:  # noqa: ANN401 - a field
    """A sort order, by name unless the request says otherwise."""
    return Field(default="name", description=description)


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


def create_router(*tags: str, prefix: str = "") -> APIRouter:
    """Create a router below /v1, with the error responses that every path has."""
    return APIRouter(prefix=prefix, tags=[*tags], route_class=StrictRoute, responses=error_responses())


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


def too_many_rows(message: str, filters: Iterable[str]) -> InvalidParameter:
    """Error for a response that would be too long; each of the filters can narrow it."""
    return InvalidParameter(message, errors=tuple(FieldError(name, None, message) for name in filters))


def one_of(*names: str) -> Any:  # noqa: ANN401 - an annotation
    """Annotation of a parameter that takes one of these names."""
    return ClosedEnum(dict.fromkeys(names, ""))


def resolve_slugs(ctx: RequestContext, record_type: str, values: list[str]) -> tuple[str, ...]:
    """Slugs for the values of a record filter, which is named after its record type.

    Raises InvalidParameter if a value is unknown or ambiguous.
    """
    return tuple(dict.fromkeys(resolve_filter_value(ctx, record_type, record_type, value) for value in values))


OptionalBool = bool | SkipJsonSchema[None]
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

    family: list[Family] = repeatable("Family of the procedure.")
    intent: list[Intent] = repeatable("Purpose of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    guidance: list[Annotated[str, OpenEnum(vocabulary.GUIDANCE)]] = repeatable("Guidance of the needle.")
    anesthesia: list[Annotated[str, OpenEnum(vocabulary.ANESTHESIA)]] = repeatable("Anesthesia.")
    setting: list[Annotated[str, OpenEnum(vocabulary.SETTINGS)]] = repeatable("Setting in which it is done.")
    implant: OptionalBool = optional("Whether the procedure leaves an implant in the body.")
    min_relief: MinRelief = optional(
        "Minimum typical relief (ISO 8601 duration); procedures with unknown relief never match."
    )
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "updated", "-updated")] = sort_order(
        "Sort order; unknown relief is last in both directions."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        return replace(super().build_filters(ctx), min_relief_days=parse_min_relief(self.min_relief))


class ProcedureLookupParams(ProcedureFilterParams, PageParams):
    """Parameters of the list of procedures that diagnose or treat a record."""

    role: list[TargetRole] = repeatable(ROLE)
    facet: list[Annotated[str, one_of("role", *PROCEDURE_FACETS)]] = repeatable(FACET)


# Handlers take it unused: FastAPI rejects unknown parameters with it, and the request context checks `release`.
ReleaseQuery = Annotated[ReleaseParams, Query()]
PagingQuery = Annotated[PagingParams, Query()]
PageQuery = Annotated[PageParams, Query()]
ProcedureLookupQuery = Annotated[ProcedureLookupParams, Query()]
