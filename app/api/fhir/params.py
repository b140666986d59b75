"""Parameters of /fhir. FHIR's own rules hold: a comma is OR, a token may carry its system before `|`."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, NoReturn

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import Precondition
from app.domain import vocabulary
from app.domain.patterns import PRINTABLE
from app.domain.values import Among
from app.errors import FieldError, InvalidParameter
from app.formats.fhir.identifiers import BASE
from app.text.nearest import nearest

FORMATS: Final = {"json": "", "application/fhir+json": "", "application/json": ""}
SUMMARIES: Final = {"false": "", "count": ""}
STATUSES: Final = {"draft": "", "active": "", "retired": "", "unknown": ""}
USES: Final = {"indication": "", "contraindication": "", "undesirable-effect": ""}
MAX_TOKENS: Final = 100


def _plus(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    # A plus sign that was not percent-encoded arrives as a space.
    return value.replace(" ", "+") if isinstance(value, str) else value


Words = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Tokens = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]
MaybeWords = Words | SkipJsonSchema[None]
MaybeTokens = Tokens | SkipJsonSchema[None]


def given(alias: str, description: str) -> Any:  # noqa: ANN401 - a field
    """A parameter that may be left out, under its name in FHIR."""
    return Field(default=None, alias=alias, description=description)


class FhirParams(Precondition):
    """What every path takes."""

    format: Annotated[str, BeforeValidator(_plus), Among(FORMATS)] = Field(
        default="json", alias="_format", description="JSON is the one format."
    )


class FhirSearch(FhirParams):
    """What every search takes."""

    id: MaybeTokens = given("_id", "Ids, with commas between alternatives.")
    count: int = Field(default=20, ge=1, le=100, alias="_count", description="Matches of a page.")
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = given(
        "_cursor", "Taken from the `next` link of the page before; good for one release."
    )
    summary: Annotated[str, Among(SUMMARIES)] = Field(
        default="false",
        alias="_summary",
        description="`count`: the number of matches alone. Nothing else is shortened.",
    )
    status: MaybeTokens = given("status", "Publication status, with commas between alternatives.")


class NamedSearch(FhirSearch):
    """What a search of resources with a name takes."""

    name: MaybeWords = given("name", "A name of the record begins so: preferred names, synonyms, abbreviations.")
    name_contains: MaybeWords = given("name:contains", "A name of the record contains this.")
    name_exact: MaybeWords = given("name:exact", "A name of the record is this, but for case and accents.")
    title: MaybeWords = given("title", "As `name`.")
    url: MaybeWords = given("url", "Canonical address.")
    identifier: MaybeTokens = given("identifier", "Permanent name of the record, its system before `|` or not.")


_INCLUDED: Final = "Resources to come with the matches; `*`: all of these."


class ActivityDefinitionSearch(NamedSearch):
    """Search of procedures."""

    topic: MaybeTokens = given("topic", "Family, intent or body region, with commas between alternatives.")
    include: list[Annotated[str, Among({"ActivityDefinition:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDED
    )


class EvidenceVariableSearch(NamedSearch):
    """Search of conditions and pain generators."""

    include: list[Annotated[str, Among({"EvidenceVariable:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDED
    )


class CitationSearch(NamedSearch):
    """Search of sources."""


class TermSearch(FhirSearch):
    """Search of code systems, value sets and structure definitions."""

    name: MaybeWords = given("name", "The name or title begins so.")
    title: MaybeWords = given("title", "As `name`.")
    url: MaybeWords = given("url", "Canonical address.")


class ClaimSearch(FhirSearch):
    """Search of claims."""

    identifier: MaybeTokens = given("identifier", "Permanent id of a claim, its system before `|` or not.")
    subject: MaybeTokens = given("subject", "The record spoken of: ActivityDefinition/ID or EvidenceVariable/ID.")


class ClinicalUseDefinitionSearch(ClaimSearch):
    """Search of indications, contraindications and undesirable effects."""

    type: MaybeTokens = given("type", "indication, contraindication or undesirable-effect.")
    indication: MaybeTokens = given("indication", "Code of the condition: code system conditions.")
    effect: MaybeTokens = given("effect", "Code of the risk: code system risks.")
    include: list[Annotated[str, Among({"ClinicalUseDefinition:subject": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDED
    )


class EvidenceSearch(ClaimSearch):
    """Search of every other kind of claim."""

    url: MaybeWords = given("url", "Canonical address.")
    claim_kind: MaybeTokens = given("claim-kind", "Kind of claim: code system claim-kinds.")
    include: list[Annotated[str, Among({"Evidence:subject": "", "Evidence:derived-from": "", "*": ""})]] = Field(
        default=[], alias="_include", max_length=5, description=_INCLUDED
    )


# Type of each search parameter, as FHIR has them.
TYPES: Final = {
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
TOPICS: Final[Mapping[str, Mapping[str, str]]] = {
    "family": vocabulary.FAMILIES,
    "intent": vocabulary.INTENTS,
    "body_region": vocabulary.BODY_REGIONS,
}


def tokens(name: str, value: str | None) -> tuple[str, ...] | None:
    """The codes of a token parameter, without their systems; None: it was not given."""
    if value is None:
        return None
    found = tuple(dict.fromkeys(_code_of(name, one) for one in value.split(",")))
    if len(found) > MAX_TOKENS:
        refuse(name, value, f"more than {MAX_TOKENS} alternatives")
    return found


def _code_of(name: str, token: str) -> str:
    system, bar, code = token.strip().rpartition("|")
    if bar and system and not system.startswith((f"{BASE}:", "http://hl7.org/fhir/")):
        refuse(name, token, f"no codes of the system {system!r} are known here; this service's begin with {BASE!r}")
    if not code:
        refuse(name, token, "a code is missing")
    return code


def among(name: str, value: str | None, known: Mapping[str, str] | list[str]) -> tuple[str, ...] | None:
    """The codes of a token parameter that takes only known ones. InvalidParameter names the nearest."""
    found = tokens(name, value)
    for one in found or ():
        if one not in known:
            refuse(name, one, f"{one!r} is not known", nearest(one, list(known), most=3))
    return found


def refuse(name: str, value: str, message: str, near: list[str] | None = None) -> NoReturn:
    """InvalidParameter for one parameter."""
    if near:
        message += f"; the nearest is {near[0]!r}"
    wrong = FieldError(name, value[:200], message)
    raise InvalidParameter(f"{name}: {message}", errors=(wrong,), suggestions=tuple(near or ()))
