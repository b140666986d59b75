"""Parameters of /fhir, with the rules of FHIR: a comma separates alternatives, and a token may have its system before `|`."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple, NoReturn

from fastapi import Query
from pydantic import BeforeValidator, Field, create_model
from pydantic.json_schema import SkipJsonSchema

from app.api.parameters import ReleaseParams
from app.domain.patterns import PRINTABLE
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.formats.fhir.elements import URN_BASE
from app.text.nearest import find_nearest
from app.text.normalize import normalize

FORMATS: Final = {"json": "", "application/fhir+json": "", "application/json": ""}
SUMMARIES: Final = {"false": "", "count": ""}
PUBLICATION_STATUSES: Final = ("draft", "active", "retired", "unknown")
MAX_TOKENS: Final = 100
# Parameters of a search by their FHIR names.
SearchParams = Mapping[str, Any]


def _restore_plus(value: Any) -> Any:  # noqa: ANN401 - the raw parameter
    # A plus sign that was not percent-encoded arrives as a space.
    return value.replace(" ", "+") if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Tokens = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]
OptionalText = Text | SkipJsonSchema[None]
OptionalTokens = Tokens | SkipJsonSchema[None]


class SearchParam(NamedTuple):
    """Search parameter: name, FHIR type, and description."""

    name: str
    type: str
    description: str

    def build_field(self) -> Any:  # noqa: ANN401 - a field
        """Build the field of an optional parameter."""
        return Field(default=None, alias=self.name, description=self.description)


ID: Final = SearchParam("_id", "token", "Ids, separated by commas.")
STATUS: Final = SearchParam("status", "token", "Publication statuses, separated by commas.")
URL: Final = SearchParam("url", "uri", "Canonical URL.")
RECORD_PARAMS: Final = (
    SearchParam("name", "string", "Beginning of a name: preferred name, synonym or abbreviation."),
    SearchParam("name:contains", "string", "Part of a name."),
    SearchParam("name:exact", "string", "Full name, ignoring case and accents."),
    SearchParam("title", "string", "Same as `name`."),
    URL,
    SearchParam("identifier", "token", "Permanent identifiers, with or without `system|`."),
)
PROCEDURE_PARAMS: Final = (
    *RECORD_PARAMS,
    SearchParam("topic", "token", "Families, intents or body regions, separated by commas."),
)
_CLAIM_PARAMS: Final = (
    SearchParam("identifier", "token", "Permanent claim ids, with or without `system|`."),
    SearchParam("subject", "reference", "Subject: ActivityDefinition/ID or EvidenceVariable/ID."),
)
CLINICAL_USE_PARAMS: Final = (
    *_CLAIM_PARAMS,
    SearchParam("type", "token", "indication, contraindication or undesirable-effect."),
    SearchParam("indication", "token", "Condition, as a code of the code system conditions."),
    SearchParam("effect", "token", "Risk, as a code of the code system risks."),
)
EVIDENCE_PARAMS: Final = (
    *_CLAIM_PARAMS,
    URL,
    SearchParam("claim-kind", "token", "Claim kind, as a code of the code system claim-kinds."),
)
TERMINOLOGY_PARAMS: Final = (
    SearchParam("name", "string", "Beginning of the name or title."),
    SearchParam("title", "string", "Same as `name`."),
    URL,
)


class FhirParams(ReleaseParams):
    """Parameters of every path."""

    format: Annotated[str, BeforeValidator(_restore_plus), OpenEnum(FORMATS)] = Field(
        default="json", alias="_format", description="JSON is the only format."
    )


class FhirSearch(FhirParams):
    """Parameters of every search."""

    id: OptionalTokens = ID.build_field()
    count: int = Field(default=20, ge=1, le=100, alias="_count", description="Matches per page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = Field(
        default=None,
        alias="_cursor",
        description="Cursor from the `next` link of the previous page; valid for one release.",
    )
    summary: Annotated[str, OpenEnum(SUMMARIES)] = Field(
        default="false",
        alias="_summary",
        description="`count` returns the number of matches only. Other summaries are not supported.",
    )
    status: OptionalTokens = STATUS.build_field()


def build_search_model(search_params: Sequence[SearchParam], includes: Sequence[str]) -> type[FhirSearch]:
    """Build the model of a search with these parameters and values of `_include`."""
    fields: dict[str, Any] = {
        re.sub(r"\W", "_", row.name): (
            OptionalTokens if row.type in {"token", "reference"} else OptionalText,
            row.build_field(),
        )
        for row in search_params
    }
    if includes:
        include = Annotated[str, OpenEnum(dict.fromkeys((*includes, "*"), ""))]
        description = "Related resources to return with the matches; `*` returns all of these."
        fields["include"] = list[include], Field(default=[], alias="_include", max_length=5, description=description)
    return create_model("SearchParams", __base__=FhirSearch, **fields)


# Handlers take it unused: FastAPI rejects unknown parameters with it, and the request context checks `release`.
FhirQuery = Annotated[FhirParams, Query()]


def parse_tokens(params: SearchParams, name: str) -> tuple[str, ...] | None:
    """Parse a token parameter into codes without their systems; None if it was not sent. Raises InvalidParameter."""
    value = params.get(name)
    if value is None:
        return None
    codes = tuple(dict.fromkeys(_parse_code(name, token) for token in value.split(",")))
    if len(codes) > MAX_TOKENS:
        reject_param(name, value, f"at most {MAX_TOKENS} alternatives are allowed")
    return codes


def _parse_code(parameter: str, token: str) -> str:
    system, bar, code = token.strip().rpartition("|")
    if bar and system and not system.startswith((f"{URN_BASE}:", "http://hl7.org/fhir/")):
        reject_param(parameter, token, f"unknown system {system!r}; systems of this service begin with {URN_BASE!r}")
    if not code:
        reject_param(parameter, token, "missing code")
    return code


def parse_known_codes(params: SearchParams, name: str, known: Collection[str]) -> tuple[str, ...] | None:
    """Parse a token parameter that accepts known codes only. Raises InvalidParameter with suggestions."""
    codes = parse_tokens(params, name)
    for code in codes or ():
        if code not in known:
            reject_param(name, code, f"unknown code {code!r}", find_nearest(code, known, limit=3))
    return codes


def parse_statuses(params: SearchParams) -> Collection[str]:
    """Parse `status`: all statuses if it was not sent. Raises InvalidParameter with suggestions."""
    return parse_known_codes(params, "status", PUBLICATION_STATUSES) or PUBLICATION_STATUSES


def parse_name(parameter: str, text: str) -> str:
    """Parse a name to its normalized form. Raises InvalidParameter if nothing remains of it."""
    if not (normalized := normalize(text)):
        reject_param(parameter, text, "must contain a letter or digit")
    return normalized


def reject_param(parameter: str, value: str, message: str, suggestions: Iterable[str] = ()) -> NoReturn:
    """Raise InvalidParameter for one parameter."""
    suggestions = tuple(suggestions)
    if suggestions:
        message += f"; did you mean {suggestions[0]!r}?"
    error = FieldError(parameter, value[:200], message)
    raise InvalidParameter(f"{parameter}: {message}", errors=(error,), suggestions=suggestions)
