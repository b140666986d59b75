"""What search answers."""

from typing import Annotated, Literal

from pydantic import Field

from app.schemas.building_blocks import Facet, Page, RecordLinks, RecordType, Shown
from app.schemas.claims import AnyClaim
from app.schemas.records import ProcedureByEdge

MatchKind = Annotated[
    str,
    Field(
        json_schema_extra={
            "x-extensible-enum": ["preferred", "synonym", "abbreviation", "lay_name", "patient_phrase", "text"]
        }
    ),
]


class Matched(Shown):
    """Which name or text of the record matched."""

    field: Annotated[str, Field(json_schema_extra={"x-extensible-enum": ["names", "summary", "claims"]})]
    kind: MatchKind
    text: str


class Range(Shown):
    """A part of a plain text, in Unicode code points (not bytes, not UTF-16 units: in JavaScript, `Array.from(text)`)."""

    start: int = Field(alias="from", serialization_alias="from", description="First code point.")
    to: int = Field(description="Code point after the last.")


class Highlight(Shown):
    """Where words of the query stand in a field of the hit."""

    field: Literal["name", "summary", "matched"]
    text: str
    ranges: list[Range]


class Hit(Shown):
    """A record found, and why."""

    type: RecordType
    slug: str
    name: str
    summary: str | None = Field(description="Null: the record has none.")
    matched: Matched
    highlights: list[Highlight]
    because: str = Field(description="In words, why it was found.")
    links: RecordLinks


class WordChange(Shown):
    """A word read as another."""

    written: str = Field(description="As the query has it.")
    read: str = Field(description="As it was read.")


class Interpreted(Shown):
    """How the query was read."""

    text: str
    words: list[str]
    phrases: list[str]
    corrections: list[WordChange]
    expansions: list[WordChange]
    ignored: list[str] = Field(description="Words that nothing in this release has.")


class ProcedureWithReason(ProcedureByEdge):
    """A procedure of what the query names, with the reason."""

    because: str


class SearchPage(Shown):
    """Text hits, and beside them, never mixed in: emergencies, and what treats what the query names."""

    items: list[Hit]
    page: Page
    facets: list[Facet]
    interpreted: Interpreted
    notices: list[AnyClaim] = Field(description="Cited warnings on the emergencies that the query describes.")
    related: list[ProcedureWithReason]
    suggestions: list[str] = Field(description="Names nearest to a query that found nothing; empty otherwise.")


class Suggestion(Shown):
    """A name that begins so, or is nearest."""

    text: str
    kind: MatchKind
    type: RecordType
    slug: str
    name: str


class Suggestions(Shown):
    items: list[Suggestion]
