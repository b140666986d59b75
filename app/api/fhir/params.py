"""Parameters of /fhir, with the rules of FHIR: a comma separates alternatives, and a token may have its system before `|`."""

from collections.abc import Collection, Iterable
from typing import Annotated, Any, Final, NoReturn

from fastapi import Query
from pydantic import BeforeValidator, Field
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


def _restore_plus(value: Any) -> Any:  # noqa: ANN401 - the raw parameter
    # A plus sign that was not percent-encoded arrives as a space.
    return value.replace(" ", "+") if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Tokens = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]
OptionalText = Text | SkipJsonSchema[None]
OptionalTokens = Tokens | SkipJsonSchema[None]


def optional_param(alias: str, description: str) -> Any:  # noqa: ANN401 - a field
    """Declare an optional parameter under its FHIR name."""
    return Field(default=None, alias=alias, description=description)


def include_param() -> Any:  # noqa: ANN401 - a field
    """Declare `_include`."""
    description = "Related resources to return with the matches; `*` returns all of these."
    return Field(default=[], alias="_include", max_length=5, description=description)


class FhirParams(ReleaseParams):
    """Parameters of every path."""

    format: Annotated[str, BeforeValidator(_restore_plus), OpenEnum(FORMATS)] = Field(
        default="json", alias="_format", description="JSON is the only format."
    )


class FhirSearch(FhirParams):
    """Parameters of every search."""

    id: OptionalTokens = optional_param("_id", "Ids, separated by commas.")
    count: int = Field(default=20, ge=1, le=100, alias="_count", description="Matches per page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = optional_param(
        "_cursor", "Cursor from the `next` link of the previous page; valid for one release."
    )
    summary: Annotated[str, OpenEnum(SUMMARIES)] = Field(
        default="false",
        alias="_summary",
        description="`count` returns the number of matches only. Other summaries are not supported.",
    )
    status: OptionalTokens = optional_param("status", "Publication statuses, separated by commas.")


class NamedSearch(FhirSearch):
    """Parameters of a search for records."""

    name: OptionalText = optional_param("name", "Beginning of a name: preferred name, synonym or abbreviation.")
    name_contains: OptionalText = optional_param("name:contains", "Part of a name.")
    name_exact: OptionalText = optional_param("name:exact", "Full name, ignoring case and accents.")
    title: OptionalText = optional_param("title", "Same as `name`.")
    url: OptionalText = optional_param("url", "Canonical URL.")
    identifier: OptionalTokens = optional_param("identifier", "Permanent identifiers, with or without `system|`.")


class ActivityDefinitionSearch(NamedSearch):
    """Parameters of a search for procedures."""

    topic: OptionalTokens = optional_param("topic", "Families, intents or body regions, separated by commas.")
    include: list[Annotated[str, OpenEnum({"ActivityDefinition:derived-from": "", "*": ""})]] = include_param()


class EvidenceVariableSearch(NamedSearch):
    """Parameters of a search for conditions and pain generators."""

    include: list[Annotated[str, OpenEnum({"EvidenceVariable:derived-from": "", "*": ""})]] = include_param()


class CitationSearch(NamedSearch):
    """Parameters of a search for sources."""


class TerminologySearch(FhirSearch):
    """Parameters of a search for code systems, value sets or structure definitions."""

    name: OptionalText = optional_param("name", "Beginning of the name or title.")
    title: OptionalText = optional_param("title", "Same as `name`.")
    url: OptionalText = optional_param("url", "Canonical URL.")


class ClaimSearch(FhirSearch):
    """Parameters of a search for claims."""

    identifier: OptionalTokens = optional_param("identifier", "Permanent claim ids, with or without `system|`.")
    subject: OptionalTokens = optional_param("subject", "Subject: ActivityDefinition/ID or EvidenceVariable/ID.")


class ClinicalUseDefinitionSearch(ClaimSearch):
    """Parameters of a search for indications, contraindications and undesirable effects."""

    type: OptionalTokens = optional_param("type", "indication, contraindication or undesirable-effect.")
    indication: OptionalTokens = optional_param("indication", "Condition, as a code of the code system conditions.")
    effect: OptionalTokens = optional_param("effect", "Risk, as a code of the code system risks.")
    include: list[Annotated[str, OpenEnum({"ClinicalUseDefinition:subject": "", "*": ""})]] = include_param()


class EvidenceSearch(ClaimSearch):
    """Parameters of a search for claims of every other kind."""

    url: OptionalText = optional_param("url", "Canonical URL.")
    claim_kind: OptionalTokens = optional_param("claim-kind", "Claim kind, as a code of the code system claim-kinds.")
    include: list[Annotated[str, OpenEnum({"Evidence:subject": "", "Evidence:derived-from": "", "*": ""})]] = (
        include_param()
    )


# Handlers take it unused: FastAPI rejects unknown parameters with it, and the request context checks `release`.
FhirQuery = Annotated[FhirParams, Query()]


def parse_tokens(parameter: str, value: str | None) -> tuple[str, ...] | None:
    """Parse a token parameter into codes without their systems; None if it was not sent. Raises InvalidParameter."""
    if value is None:
        return None
    codes = tuple(dict.fromkeys(_parse_code(parameter, token) for token in value.split(",")))
    if len(codes) > MAX_TOKENS:
        reject_param(parameter, value, f"at most {MAX_TOKENS} alternatives are allowed")
    return codes


def _parse_code(parameter: str, token: str) -> str:
    system, bar, code = token.strip().rpartition("|")
    if bar and system and not system.startswith((f"{URN_BASE}:", "http://hl7.org/fhir/")):
        reject_param(parameter, token, f"unknown system {system!r}; systems of this service begin with {URN_BASE!r}")
    if not code:
        reject_param(parameter, token, "missing code")
    return code


def parse_known_codes(parameter: str, value: str | None, known: Collection[str]) -> tuple[str, ...] | None:
    """Parse a token parameter that accepts known codes only. Raises InvalidParameter with suggestions."""
    codes = parse_tokens(parameter, value)
    for code in codes or ():
        if code not in known:
            reject_param(parameter, code, f"unknown code {code!r}", find_nearest(code, known, limit=3))
    return codes


def parse_statuses(params: FhirSearch) -> Collection[str]:
    """Parse `status`: all statuses if it was not sent. Raises InvalidParameter with suggestions."""
    return parse_known_codes("status", params.status, PUBLICATION_STATUSES) or PUBLICATION_STATUSES


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
