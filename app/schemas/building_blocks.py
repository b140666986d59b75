"""Building blocks of every response: references, blocks, links, review status, pagination."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.domain import vocabulary
from app.domain.values import Intent, OpenEnum

T = TypeVar("T")

Grade = Annotated[
    str, OpenEnum(vocabulary.GRADES), Field(description="Grade derived from the design of the best supporting source.")
]
Design = Annotated[str, OpenEnum(vocabulary.DESIGNS), Field(description="Study design or type of the source.")]
Family = Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]
Link = Annotated[str, Field(description="Path on this service, or an absolute URL if a public base URL is configured.")]
Lang = Annotated[str, Field(description="Language of the text (BCP 47).", examples=["en"])]
RecordType = Annotated[
    str,
    Field(
        json_schema_extra={
            "x-extensible-enum": ["procedure", "condition", "pain_generator", "risk", "source", "guide_page"]
        }
    ),
]


class ResponseModel(BaseModel):
    """Base of every response: frozen, no unknown keys, every field required."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Ref(ResponseModel):
    """Reference to a record."""

    type: RecordType
    slug: str
    name: str


class SourceRef(ResponseModel):
    """Reference to a source."""

    type: Literal["source"]
    slug: str
    name: str
    design: Design
    year: int | None = Field(description="Year of publication; null: not stated.")
    commercial: bool = Field(description="The source is a practice's or manufacturer's own publication.")


class CitationOut(ResponseModel):
    """Passage of a source that supports a claim."""

    source: SourceRef
    locator: str | None = Field(description="Section, page or table; null: the whole source.")
    note: str | None = Field(description="Caveat about this citation; null: none.")


BlockStatus = Literal["known", "unknown", "not_applicable"]


class Block(ResponseModel, Generic[T]):
    """Block of a detail response. `unknown`: no cited information; `not_applicable`: cannot apply to this record."""

    status: BlockStatus
    items: list[T]


class RecordLinks(ResponseModel):
    """Links of a record: itself, its HTML page, the notice and the error report."""

    self: Link
    html: Link
    notice: Link
    report: str = Field(description="Where to report an incorrect statement.")


class ClaimLinks(ResponseModel):
    self: Link
    report: str = Field(description="Where to report an incorrect statement.")


class SelfLink(ResponseModel):
    self: Link


class ReviewOut(ResponseModel):
    """Review status. Check it before relying on the record."""

    status: str
    reviewed_on: str | None = Field(description="Date of clinical review (RFC 3339); null: not clinically reviewed.")
    review_due: str = Field(description="Date when the next review is due (RFC 3339).")


class License(ResponseModel):
    """License of the content, with the attribution line to display when it is reused."""

    name: str
    url: str
    attribution: str


class TextWithLang(ResponseModel):
    text: str
    lang: Lang


class TextOut(ResponseModel):
    """Prose with the ids of its supporting claims."""

    text: str
    lang: Lang
    claims: list[str]


class NameOut(ResponseModel):
    text: str
    kind: Annotated[
        str,
        Field(
            json_schema_extra={
                "x-extensible-enum": ["preferred", "synonym", "abbreviation", "lay_name", "patient_phrase"]
            }
        ),
    ]


class TypicalRelief(ResponseModel):
    """Estimate shown first, selected by a documented rule."""

    intent: Intent
    statistic: Annotated[str, OpenEnum(vocabulary.STATISTICS)]
    min: str | None = Field(description="ISO 8601; null: the source gives no lower end.")
    max: str | None = Field(description="ISO 8601; null: the source gives no upper end.")
    magnitude: Annotated[str, OpenEnum(vocabulary.MAGNITUDES)]
    label: str
    ongoing: bool = Field(description="Relief was still present when observation ended.")
    claim: str
    selection_reason: str
    commercial: bool = Field(description="Only commercial sources support it.")


class Pagination(ResponseModel):
    """Page size, total count and next cursor of a list."""

    limit: int
    total: int = Field(description="Number of rows in the whole list with these filters.")
    next: str | None = Field(
        description="Cursor of the next page, valid for this release; null: this is the last page."
    )


class FacetValue(ResponseModel):
    value: str
    label: str
    count: int
    selected: bool


class Facet(ResponseModel):
    """Counts for each value of a filter, ignoring the filter's own selection."""

    name: str
    values: list[FacetValue]


class ListPage(ResponseModel, Generic[T]):
    """Page of a list."""

    items: list[T]
    page: Pagination
    facets: list[Facet]


class BlockPage(ListPage[T], Generic[T]):
    """Page of a list that belongs to one record."""

    status: BlockStatus = Field(
        description="Of the whole list, whatever the filters: known, unknown (no cited information) or not applicable."
    )


class Batch(ResponseModel, Generic[T]):
    """Records requested by slug, in the requested order, with the slugs that were not found."""

    items: list[T]
    not_found: list[str]
