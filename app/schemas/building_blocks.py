"""Building blocks of every response: references, blocks, links, review status, pagination."""

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.domain import vocabulary
from app.domain.record_types import RECORD_TYPES
from app.domain.values import OpenEnum

T = TypeVar("T")
NAME_KINDS = ("preferred", *vocabulary.NAME_KINDS)

Design = Annotated[
    str,
    OpenEnum(vocabulary.DESIGNS),
    Field(description="Kind of source. It says nothing of how certain a statement is."),
]
Family = Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]
Link = Annotated[str, Field(description="Path on this service, or an absolute URL if a public base URL is configured.")]
Lang = Annotated[str, Field(description="Language of the text (BCP 47).", examples=["en"])]
RecordType = Annotated[str, Field(json_schema_extra={"x-extensible-enum": list(RECORD_TYPES)})]
Support = Annotated[str, OpenEnum(vocabulary.SUPPORTS), Field(description="How the stored passage supports the claim.")]
Position = Annotated[
    str,
    Field(
        description="Position of a recommendation, direction of a finding, or whether an estimate of relief is the shorter.",
        json_schema_extra={
            "x-extensible-enum": [*vocabulary.POSITIONS, *vocabulary.DIRECTIONS, *vocabulary.RELIEF_POSITIONS]
        },
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
    standing: Annotated[str, OpenEnum(vocabulary.SOURCE_STANDINGS)] = Field(
        description="Standing of the source: current, corrected, superseded, retracted or withdrawn."
    )
    doi: str | None = Field(description="DOI; null: none is known.")
    pmid: str | None = Field(description="PubMed id; null: none is known.")
    pmcid: str | None = Field(description="PubMed Central id; null: none is known.")


class CitationOut(ResponseModel):
    """Passage of a source that supports a claim."""

    source: SourceRef = Field(description="Source that is cited.")
    locator: str | None = Field(description="Section, page or table; null: the whole source.")
    note: str | None = Field(description="Caveat about this citation; null: none.")


BlockStatus = Literal["known", "unknown", "not_found", "stated_on_forms", "not_applicable"]


class Block(ResponseModel, Generic[T]):
    """Block of a detail response. `unknown`: no cited information; `not_found`: it was looked for; `stated_on_forms`: only
    narrower records have some; `not_applicable`: cannot apply to this record.
    """

    status: BlockStatus = Field(
        description="Whether the block has cited entries: known, unknown (no cited information), not_found (looked for), "
        "stated_on_forms (only narrower records have some) or not applicable."
    )
    items: list[T] = Field(description="Entries; empty unless the status is known.")


class RecordLinks(ResponseModel):
    """Links of a record: itself, its HTML page, the notice and the error report."""

    self: Link = Field(description="This record.")
    html: Link = Field(description="Its page for readers.")
    notice: Link = Field(description="What this information is and is not.")
    report: str = Field(description="Where to report an incorrect statement.")


class ClaimLinks(ResponseModel):
    """Links of a claim: itself and the error report."""

    self: Link = Field(description="This claim.")
    report: str = Field(description="Where to report an incorrect statement.")


class SelfLink(ResponseModel):
    """Link to the record or claim."""

    self: Link


class ReviewOut(ResponseModel):
    """Review of a record by a named clinician. Check it before relying on the record."""

    status: Annotated[str, OpenEnum(vocabulary.REVIEW_STATUSES)] = Field(
        description="Whether a clinician has reviewed the record, and whether what was reviewed has changed since."
    )
    reviewed_by: str | None = Field(description="Name of the clinician; null: nobody has reviewed it.")
    credentials: str | None = Field(description="Credentials of the clinician; null: nobody has reviewed it.")
    reviewed_on: str | None = Field(description="Date of the review (RFC 3339); null: nobody has reviewed it.")
    lapsed: bool = Field(description="The record, its sources or what it shows of narrower records changed since.")
    review_due: str = Field(description="Date when the next review is due (RFC 3339).")


class ContentReviewOut(ResponseModel):
    """How far clinicians have reviewed the content."""

    status: str = Field(description="Review status of the content, in words.")
    reviewed_records: int = Field(description="Number of records whose review by a named clinician holds.")
    lapsed_records: int = Field(description="Number of records that changed since their review.")
    review_due: str = Field(description="Date when the next review is due (RFC 3339).")


class License(ResponseModel):
    """License of the content, with the attribution line to display when it is reused."""

    name: str = Field(description="Name of the license.")
    url: str = Field(description="URL of the license text.")
    attribution: str = Field(description="Line to display when the content is reused.")


class TextWithLang(ResponseModel):
    """Text with its language."""

    text: str
    lang: Lang


class TextOut(ResponseModel):
    """Prose with the ids of its supporting claims."""

    text: str
    lang: Lang
    claims: list[str] = Field(description="Ids of the claims that support the text.")


class NameOut(ResponseModel):
    """Name of a record."""

    text: str = Field(description="The name.")
    kind: str = Field(description="Kind of the name.", json_schema_extra={"x-extensible-enum": [*NAME_KINDS]})


class Pagination(ResponseModel):
    """Page size, total count and next cursor of a list."""

    limit: int = Field(description="Maximum rows per page, as requested.")
    total: int = Field(description="Number of rows in the whole list with these filters.")
    next: str | None = Field(
        description="Cursor of the next page, valid for this release; null: this is the last page."
    )


class FacetValue(ResponseModel):
    """Value of a filter, with the number of rows that have it."""

    value: str = Field(description="Value to send as the parameter.")
    label: str = Field(description="Name of the value, for display.")
    count: int = Field(description="Rows with this value.")
    selected: bool = Field(description="Whether the request selects this value.")


class Facet(ResponseModel):
    """Counts for each value of a filter, ignoring the filter's own selection."""

    name: str = Field(description="Name of the parameter that filters by these values.")
    values: list[FacetValue] = Field(description="Values that occur, with their counts.")


class ListPage(ResponseModel, Generic[T]):
    """Page of a list."""

    items: list[T] = Field(description="Rows of this page.")
    page: Pagination = Field(description="Page size, total and next cursor.")
    facets: list[Facet] = Field(description="RecordCounts for each requested facet; empty if none was requested.")


class BlockPage(ListPage[T], Generic[T]):
    """Page of a list that belongs to one record."""

    status: BlockStatus = Field(
        description="Of the whole list, whatever the filters: known, unknown (no cited information) or not applicable."
    )


class Batch(ResponseModel, Generic[T]):
    """Records requested by slug or name, in the requested order, with the names that were not found."""

    items: list[T] = Field(description="Records found, in the requested order.")
    not_found: list[str] = Field(description="Requested slugs without a record.")
