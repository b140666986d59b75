"""Parameters of /fhir. FHIR's own rules hold: a comma is OR, a token may carry its system before `|`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import ReleaseParams
from app.domain import vocabulary
from app.domain.patterns import PRINTABLE
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.formats.fhir.identifiers import URN_BASE
from app.text.nearest import find_nearest

FORMATS: Final = {"json": "", "application/fhir+json": "", "application/json": ""}
SUMMARIES: Final = {"false": "", "count": ""}
PUBLICATION_STATUSES: Final = {"draft": "", "active": "", "retired": "", "unknown": ""}
USE_TYPES: Final = {"indication": "", "contraindication": "", "undesirable-effect": ""}
MAX_TOKENS: Final = 100


def _restore_plus(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    # A plus sign that was not percent-encoded arrives as a space.
    return value.replace(" ", "+") if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
TokenList = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]
OptionalText = Text | SkipJsonSchema[None]
OptionalTokenList = TokenList | SkipJsonSchema[None]


def optional_param(alias: str, description: str) -> Any:  # noqa: ANN401 - a field
    """A parameter that may be left out, under its name in FHIR."""
    return Field(default=None, alias=alias, description=description)


class FhirParams(ReleaseParams):
    """What every path takes."""

    format: Annotated[str, BeforeValidator(_restore_plus), OpenEnum(FORMATS)] = Field(
        default="json", alias="_format", description="JSON is the one format."
    )


class FhirSearch(FhirParams):
    """What every search takes."""

    id: OptionalTokenList = optional_param("_id", "Ids, with commas between alternatives.")
    count: int = Field(default=20, ge=1, le=100, alias="_count", description="Matches of a page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = optional_param(
        "_cursor", "Taken from the `next` link of the page before; good for one release."
    )
    summary: Annotated[str, OpenEnum(SUMMARIES)] = Field(
        default="false",
        alias="_summary",
        description="`count`: the number of matches alone. Nothing else is shortened.",
    )
    status: OptionalTokenList = optional_param("status", "Publication status, with commas between alternatives.")


class NamedSearch(FhirSearch):
    """What a search of resources with a name takes."""

    name: OptionalText = optional_param(
        "name", "A name of the record begins so: preferred names, synonyms, abbreviations."
    )
    name_contains: OptionalText = optional_param("name:contains", "A name of the record contains this.")
    name_exact: OptionalText = optional_param("name:exact", "A name of the record is this, but for case and accents.")
    title: OptionalText = optional_param("title", "As `name`.")
    url: OptionalText = optional_param("url", "Canonical address.")
    identifier: OptionalTokenList = optional_param(
        "identifier", "Permanent name of the record, its system before `|` or not."
    )


_INCLUDE_DESCRIPTION: Final = "Resources to come with the matches; `*`: all of these."


class ActivityDefinitionSearch(NamedSearch):
    """Search of procedures."""

    topic: OptionalTokenList = optional_param(
        "topic", "Family, intent or body region, with commas between alternatives."
    )
    include: list[Annotated[str, OpenEnum({"ActivityDefinition:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDE_DESCRIPTION
    )


class EvidenceVariableSearch(NamedSearch):
    """Search of conditions and pain generators."""

    include: list[Annotated[str, OpenEnum({"EvidenceVariable:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDE_DESCRIPTION
    )


class CitationSearch(NamedSearch):
    """Search of sources."""


class TerminologySearch(FhirSearch):
    """Search of code systems, value sets and structure definitions."""

    name: OptionalText = optional_param("name", "The name or title begins so.")
    title: OptionalText = optional_param("title", "As `name`.")
    url: OptionalText = optional_param("url", "Canonical address.")


class ClaimSearch(FhirSearch):
    """Search of claims."""

    identifier: OptionalTokenList = optional_param(
        "identifier", "Permanent id of a claim, its system before `|` or not."
    )
    subject: OptionalTokenList = optional_param(
        "subject", "The record spoken of: ActivityDefinition/ID or EvidenceVariable/ID."
    )


class ClinicalUseDefinitionSearch(ClaimSearch):
    """Search of indications, contraindications and undesirable effects."""

    type: OptionalTokenList = optional_param("type", "indication, contraindication or undesirable-effect.")
    indication: OptionalTokenList = optional_param("indication", "Code of the condition: code system conditions.")
    effect: OptionalTokenList = optional_param("effect", "Code of the risk: code system risks.")
    include: list[Annotated[str, OpenEnum({"ClinicalUseDefinition:subject": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDE_DESCRIPTION
    )


class EvidenceSearch(ClaimSearch):
    """Search of every other kind of claim."""

    url: OptionalText = optional_param("url", "Canonical address.")
    claim_kind: OptionalTokenList = optional_param("claim-kind", "Kind of claim: code system claim-kinds.")
    include: list[Annotated[str, OpenEnum({"Evidence:subject": "", "Evidence:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDE_DESCRIPTION
    )


# Type of each search parameter, as FHIR has them.
SEARCH_PARAM_TYPES: Final = {
    "_id": "token",
    "name": "string",
    "title": "string",
    "status": "token",
    "url": "uri",
    "identifier": "token",
    "topic": "token",
    "type": "token",
    "subject": "reference",
    "indication": "token",
    "effect": "token",
    "claim-kind": "token",
}
TOPIC_FACETS: Final[Mapping[str, Mapping[str, str]]] = {
    "family": vocabulary.PROCEDURE_FAMILIES,
    "intent": vocabulary.INTENTS,
    "body_region": vocabulary.BODY_REGIONS,
}


def parse_tokens(name: str, value: str | None) -> tuple[str, ...] | None:
    """The codes of a token parameter, without their systems; None: it was not given."""
    if value is None:
        return None
    found = tuple(dict.fromkeys(_parse_code(name, one) for one in value.split(",")))
    if len(found) > MAX_TOKENS:
        reject_param(name, value, f"more than {MAX_TOKENS} alternatives")
    return found


def _parse_code(name: str, token: str) -> str:
    system, bar, code = token.strip().rpartition("|")
    if bar and system and not system.startswith((f"{URN_BASE}:", "http://hl7.org/fhir/")):
        reject_param(
            name, token, f"no codes of the system {system!r} are known here; this service's begin with {URN_BASE!r}"
        )
    if not code:
        reject_param(name, token, "a code is missing")
    return code


def parse_known_codes(name: str, value: str | None, known: Mapping[str, str] | list[str]) -> tuple[str, ...] | None:
    """The codes of a token parameter that takes only known ones. InvalidParameter names the nearest."""
    found = parse_tokens(name, value)
    for one in found or ():
        if one not in known:
            reject_param(name, one, f"{one!r} is not known", find_nearest(one, list(known), limit=3))
    return found


def reject_param(name: str, value: str, message: str, near: list[str] | None = None) -> NoReturn:
    """InvalidParameter for one parameter."""
    if near:
        message += f"; the nearest is {near[0]!r}"
    wrong = FieldError(name, value[:200], message)
    raise InvalidParameter(f"{name}: {message}", errors=(wrong,), suggestions=tuple(near or ()))
