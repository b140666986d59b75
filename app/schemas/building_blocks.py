"""What every shown shape is made of: references, blocks, links, review, pages."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.domain import vocabulary
from app.domain.patterns import SLUG
from app.domain.values import Among

T = TypeVar("T")

Slug = Annotated[str, Field(pattern=SLUG, max_length=80, description="Permanent public name.")]
Grade = Annotated[
    str, Among(vocabulary.GRADES), Field(description="Grade from the design of the best source behind it.")
]
Design = Annotated[str, Among(vocabulary.DESIGNS), Field(description="Design of the source.")]
Family = Annotated[str, Among(vocabulary.FAMILIES)]
Intent = Annotated[str, Among(vocabulary.INTENTS)]
BodyRegion = Annotated[str, Among(vocabulary.BODY_REGIONS)]
Link = Annotated[str, Field(description="Path on this service, or an absolute address where a public one is set.")]
Lang = Annotated[str, Field(description="Language of the text (BCP 47).", examples=["en"])]
RecordType = Annotated[
    str,
    Field(
        json_schema_extra={
            "x-extensible-enum": ["procedure", "condition", "pain_generator", "risk", "source", "guide_page"]
        }
    ),
]


class Shown(BaseModel):
    """Base of every response: frozen, no unknown keys, every field required."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Ref(Shown):
    """A record, named."""

    type: RecordType
    slug: str
    name: str


class SourceRef(Shown):
    """A source, as a citation names it."""

    type: Literal["source"]
    slug: str
    name: str
    design: Design
    year: int | None = Field(description="Year of publication; null: not stated.")
    commercial: bool = Field(description="A practice's or a maker's own words.")


class Citation(Shown):
    """Where a claim was read."""

    source: SourceRef
    locator: str | None = Field(description="Section, page or table; null: the source as a whole.")
    note: str | None = Field(description="What a reader must know of this citation; null: nothing.")


class Known(Shown, Generic[T]):
    """A block of a detail. `unknown`: nothing is known to us; `not_applicable`: it cannot be."""

    status: Literal["known", "unknown", "not_applicable"]
    items: list[T]


class RecordLinks(Shown):
    """Where a record is found, read, and reported when it is wrong."""

    self: Link
    html: Link
    notice: Link
    report: str = Field(description="Where a wrong statement is reported.")


class ClaimLinks(Shown):
    self: Link
    report: str = Field(description="Where a wrong statement is reported.")


class SelfLink(Shown):
    self: Link


class Review(Shown):
    """Review status: read it before you rely on the record."""

    status: str
    reviewed_on: str | None = Field(description="Date of clinical review (RFC 3339); null: not clinically reviewed.")
    review_due: str = Field(description="Date by which it is to be reviewed (RFC 3339).")


class Licence(Shown):
    """Licence of the content, with the line to show where it is used."""

    name: str
    url: str
    attribution: str


class TextWithLang(Shown):
    text: str
    lang: Lang


class Text(Shown):
    """Prose with the ids of the claims that it rests on."""

    text: str
    lang: Lang
    claims: list[str]


class Name(Shown):
    text: str
    kind: Annotated[
        str,
        Field(
            json_schema_extra={
                "x-extensible-enum": ["preferred", "synonym", "abbreviation", "lay_name", "patient_phrase"]
            }
        ),
    ]


class TypicalRelief(Shown):
    """The estimate shown first, chosen by a written rule."""

    intent: Intent
    statistic: Annotated[str, Among(vocabulary.STATISTICS)]
    min: str | None = Field(description="ISO 8601; null: the source gives no lower end.")
    max: str | None = Field(description="ISO 8601; null: the source gives no upper end.")
    magnitude: Annotated[str, Among(vocabulary.MAGNITUDES)]
    label: str
    ongoing: bool = Field(description="Relief was still present when observation ended.")
    claim: str
    chosen_because: str
    commercial: bool = Field(description="Only commercial sources stand behind it.")


class Page(Shown):
    """Where this page stands in its list."""

    limit: int
    total: int = Field(description="Rows of the whole list with these filters.")
    next: str | None = Field(description="Cursor of the next page, good for this release; null: this is the last page.")


class FacetValue(Shown):
    value: str
    label: str
    count: int
    selected: bool


class Facet(Shown):
    """Counts of one filter, leaving out its own selection."""

    name: str
    values: list[FacetValue]


class ListPage(Shown, Generic[T]):
    """One page of a list."""

    items: list[T]
    page: Page
    facets: list[Facet]


class Batch(Shown, Generic[T]):
    """Records asked for by slug, in the order asked; what is not there is said."""

    items: list[T]
    not_found: list[str]
