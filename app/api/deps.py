"""What handlers take: the reading of a request, and the parameters, each declared once."""

import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic.warnings import UnsupportedFieldAttributeWarning

from app.domain import vocabulary
from app.domain.durations import days_of
from app.domain.patterns import SHORT_DURATION, VERSION
from app.domain.values import Among
from app.errors import FieldError, InvalidParameter
from app.http.context import Reading, reading
from app.http.problems import parameters_of
from app.http.slug_resolution import slug_of_value
from app.queries.list_filter import Filters, Order
from app.queries.lists import FIRST_PAGE

MAX_VALUES = 20
# FastAPI hides what pydantic says of the marks that it puts around a model, and only while it builds it at once.
warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)


async def open_reading(request: Request) -> AsyncIterator[Reading]:
    """The snapshot of this request; closed when the answer is made, at the latest here."""
    with reading(request) as one:
        yield one


Reader = Annotated[Reading, Depends(open_reading)]
PathSlug = Annotated[
    str,
    Path(min_length=1, max_length=200, description="Slug, a former slug, or a known name (redirected to the slug)."),
]
Text = Annotated[str, Field(min_length=1, max_length=200)]


def many(description: str) -> Any:  # noqa: ANN401 - a field of any list
    """A parameter that may be repeated: any of its values will do."""
    return Field(default_factory=list, max_length=MAX_VALUES, description=description)


class StrictRoute(APIRoute):
    """A scalar parameter given twice is refused: neither of the two could be meant with confidence."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if request.scope["query_string"]:
                _refuse_doubled(request)
            return await answer(request)

        return strict


def _refuse_doubled(request: Request) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    doubled = {name for name in names if names.count(name) > 1}
    if not doubled:
        return
    fields = parameters_of(request)
    wrong = tuple(
        FieldError(name, request.query_params.getlist(name)[-1][:200], "given more than once, and takes one value")
        for name in sorted(doubled)
        if name in fields and not _is_list(fields[name].annotation)
    )
    if wrong:
        raise InvalidParameter("; ".join(f"{one.parameter}: {one.message}" for one in wrong), errors=wrong)


def _is_list(annotation: Any) -> bool:  # noqa: ANN401 - any annotation
    return getattr(annotation, "__origin__", None) is list


class Precondition(BaseModel):
    """What every path takes."""

    # Built when first asked with: a start makes some dozens of these, and serves none of them yet.
    model_config = ConfigDict(extra="forbid", defer_build=True)

    release: Annotated[str, Field(max_length=80, pattern=VERSION)] | SkipJsonSchema[None] = Field(
        default=None, description="Precondition: 410 when another release than this version is current."
    )


class Listed(Precondition):
    """Which rows of a list, and in which order."""

    def order(self) -> Order:
        """The order asked for."""
        sort = str(getattr(self, "sort", "name"))
        if sort.lstrip("-") == "name":
            return Order(down=sort.startswith("-"))
        return Order(sort)

    def filters(self, read: Reading) -> Filters:
        """Filters asked for, names turned into slugs."""
        del read
        return Filters()


class Paged(Listed):
    """What every list takes."""

    limit: int = Field(default=FIRST_PAGE, ge=1, le=100, description="Rows of a page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = Field(
        default=None, description="`page.next` of the page before; good for one release."
    )

    @property
    def facets(self) -> list[str]:
        """Names of the facets asked for."""
        return list(getattr(self, "facet", []))


def sorts(*names: str) -> Any:  # noqa: ANN401 - an annotation
    """One of the orders of a list."""
    return Among(dict.fromkeys(names, ""))


def facets(*names: str) -> Any:  # noqa: ANN401 - an annotation
    """One of the facets of a list."""
    return Among(dict.fromkeys(names, ""))


def resolved(read: Reading, kind: str, parameter: str, values: list[str]) -> tuple[str, ...]:
    """Slugs that the values of a record filter mean."""
    return tuple(dict.fromkeys(slug_of_value(read, kind, parameter, value) for value in values))


def chosen(**values: list[str] | None) -> dict[str, tuple[str, ...]]:
    """Facets that are really narrowed."""
    return {name: tuple(dict.fromkeys(given)) for name, given in values.items() if given}


def yes_no(value: bool | None) -> list[str]:  # noqa: FBT001 - a value, not a switch
    """A flag as the facet value that stands for it."""
    return [] if value is None else ["true" if value else "false"]


Flag = bool | SkipJsonSchema[None]
FamilyValue = Annotated[str, Among(vocabulary.FAMILIES)]
IntentValue = Annotated[str, Among(vocabulary.INTENTS)]
RegionValue = Annotated[str, Among(vocabulary.BODY_REGIONS)]
GuidanceValue = Annotated[str, Among(vocabulary.GUIDANCE)]
AnaesthesiaValue = Annotated[str, Among(vocabulary.ANAESTHESIA)]
SettingValue = Annotated[str, Among(vocabulary.SETTINGS)]
RoleValue = Annotated[str, Among(vocabulary.TARGET_ROLES)]
GradeValue = Annotated[str, Among(vocabulary.GRADES)]
DesignValue = Annotated[str, Among(vocabulary.DESIGNS)]
MinRelief = Annotated[str, Field(pattern=SHORT_DURATION, max_length=40)] | SkipJsonSchema[None]


def relief_days(value: str | None) -> float | None:
    """Days of `min_relief`. InvalidParameter when it is not a duration."""
    if value is None:
        return None
    try:
        return days_of(value)
    except ValueError as error:
        raise InvalidParameter(f"min_relief: {error}", errors=(FieldError("min_relief", value, str(error)),)) from None


class EdgeFilters(Listed):
    """Filters of the procedures of a look-up."""

    role: list[RoleValue] = many("What the procedure does there: diagnoses, treats (or, of a risk, carries).")
    family: list[FamilyValue] = many("Family of the procedure.")
    intent: list[IntentValue] = many("What it is done for.")
    body_region: list[RegionValue] = many("Region of the body.")
    guidance: list[GuidanceValue] = many("How the needle is guided.")
    anaesthesia: list[AnaesthesiaValue] = many("Anaesthesia used.")
    setting: list[SettingValue] = many("Where it is done.")
    implant: Flag = Field(default=None, description="Something stays in the body on purpose.")
    min_relief: MinRelief = Field(
        default=None, description="ISO 8601: typical relief is at least so long; unknown never passes."
    )
    sort: Annotated[str, sorts("name", "-name", "relief", "-relief", "updated", "-updated")] = Field(
        default="name", description="Order; unknown relief stands last both ways."
    )

    def filters(self, read: Reading) -> Filters:
        del read
        return Filters(self._shared() | chosen(role=self.role), relief_days(self.min_relief))

    def _shared(self) -> dict[str, tuple[str, ...]]:
        return chosen(
            family=self.family,
            intent=self.intent,
            body_region=self.body_region,
            guidance=self.guidance,
            anaesthesia=self.anaesthesia,
            setting=self.setting,
            implant=yes_no(self.implant),
        )


class ByEdge(EdgeFilters, Paged):
    """What a look-up takes."""

    facet: list[
        Annotated[
            str, facets("role", "family", "intent", "body_region", "guidance", "anaesthesia", "setting", "implant")
        ]
    ] = Field(default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of.")


Preconditioned = Annotated[Precondition, Query()]
ListParams = Annotated[Paged, Query()]
ByEdgeParams = Annotated[ByEdge, Query()]
