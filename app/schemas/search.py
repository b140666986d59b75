"""Search responses."""

from typing import Annotated, Literal

from pydantic import Field

from app.domain.values import CallTier
from app.schemas.building_blocks import NAME_KINDS, Link, ListPage, RecordLinks, RecordType, ResponseModel, SourceRef
from app.schemas.records import EmergencySign, ProcedureWithRelations

MatchKind = Annotated[
    str, Field(json_schema_extra={"x-extensible-enum": [*NAME_KINDS, "patient_phrase", "text", "code"]})
]


class MatchedText(ResponseModel):
    """Name or text of the record that matched."""

    field: str = Field(
        description="Where the match is.",
        json_schema_extra={"x-extensible-enum": ["names", "summary", "claims", "codes"]},
    )
    kind: MatchKind = Field(description="Kind of the name or text.")
    text: str = Field(description="The text that matched.")


class TextRange(ResponseModel):
    """Range of a plain text in Unicode code points (not bytes or UTF-16 units; in JavaScript: `Array.from(text)`)."""

    start: int = Field(alias="from", serialization_alias="from", description="First code point.")
    to: int = Field(description="Code point after the last one (exclusive end).")


class Highlight(ResponseModel):
    """Positions of the query's words in a field of the hit."""

    field: Literal["name", "summary", "matched"] = Field(description="Field of the hit.")
    text: str = Field(
        description="Text of the field. `matched` is the text that matched, or the summary where the statements did."
    )
    ranges: list[TextRange] = Field(description="Ranges of the matching words.")


class SearchHit(ResponseModel):
    """Matching record, with the reason."""

    type: RecordType
    slug: str
    name: str
    summary: str | None = Field(description="Summary, or the publisher of a source; null: the record has none.")
    matched: MatchedText = Field(description="Name or text that matched.")
    highlights: list[Highlight] = Field(description="Where the words of the query occur.")
    reason: str = Field(description="Why the record matched, as text.")
    links: RecordLinks


class CorrectionOut(ResponseModel):
    """Misspelled word of the query."""

    original: str = Field(description="Word as written in the query.")
    corrected: str = Field(description="Word that was searched for instead.")


class ExpansionOut(ResponseModel):
    """Abbreviation or variant in the query."""

    original: str = Field(description="Word as written in the query.")
    expanded: str = Field(description="Words that were searched for instead.")


class InterpretationOut(ResponseModel):
    """Interpretation of the query."""

    text: str = Field(description="Query as searched.")
    words: list[str] = Field(description="Words searched for; a code is one.")
    phrases: list[str] = Field(description="Phrases searched for.")
    corrections: list[CorrectionOut] = Field(description="Misspelled words.")
    expansions: list[ExpansionOut] = Field(description="Abbreviations and variants that were searched for too.")
    ignored: list[str] = Field(description="Words that do not occur in this release.")


class ProcedureWithReason(ProcedureWithRelations):
    """Procedure for a record that the query names, with the reason."""

    reason: str = Field(description="Why the procedure is listed.")


class SuggestionLinks(ResponseModel):
    """Links of a record."""

    self: Link
    html: Link


class EmergencyNotice(ResponseModel):
    """Emergency that a query describes."""

    statement: str = Field(description="Name, signs and what to do, as one text.")
    tier: CallTier = Field(description="How soon to get help for what the query describes.")
    action: str = Field(description="What to do at that tier.")
    emergency: str = Field(description="Slug of the emergency.")
    name: str
    lay_name: str = Field(description="Name in plain words.")
    summary: str = Field(description="Its signs in one line.")
    signs: list[EmergencySign] = Field(description="Its signs, the most urgent first.")
    claims: list[str] = Field(description="Ids of the claims that state its signs.")
    sources: list[SourceRef] = Field(description="Sources of those claims.")
    links: SuggestionLinks


class SearchPage(ListPage[SearchHit]):
    """Text hits and, separately, emergency notices and procedures for the records that the query names."""

    items: list[SearchHit] = Field(description="Hits of this page, best first.")
    interpreted: InterpretationOut = Field(description="How the query was understood.")
    notices: list[EmergencyNotice] = Field(
        description="Emergencies that the query describes, the most urgent first; show them before all else."
    )
    related: list[ProcedureWithReason] = Field(description="Procedures for the records that the query names.")
    suggestions: list[str] = Field(description="Names similar to a query that has no hits; empty otherwise.")


class Suggestion(ResponseModel):
    """Name or code that starts with the typed text, or name that is similar to it."""

    text: str = Field(description="The name, or the code.")
    kind: MatchKind = Field(description="Kind of the name, or `code`.")
    type: RecordType
    slug: str
    name: str = Field(description="Preferred name of the record.")
    links: SuggestionLinks


class Suggestions(ResponseModel):
    """Names that start with the typed text, or are similar to it."""

    items: list[Suggestion] = Field(description="Suggested names, best first.")
    notices: list[EmergencyNotice] = Field(
        description="Emergencies that the text describes, the most urgent first; show them before all else."
    )
