"""Parameters of /fhir, with the rules of FHIR: a comma separates alternatives, and a repeated parameter must match each time."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple, NoReturn

from pydantic import Field, create_model
from pydantic.json_schema import SkipJsonSchema

from app.api.parameters import ReleaseParams
from app.domain.patterns import PRINTABLE
from app.domain.values import ClosedEnum
from app.errors import FieldError, InvalidParameter
from app.text.normalize import normalize

SUMMARIES: Final = ("true", "text", "data", "count", "false")
TOTALS: Final = ("none", "estimate", "accurate")
STRING_MODIFIERS: Final = ("contains", "exact")
MAX_COUNT: Final = 100
MAX_ALTERNATIVES: Final = 100
# Parameters of a search by their FHIR names.
SearchParams = Mapping[str, Any]

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Alternatives = Annotated[str, Field(min_length=1, max_length=2000, pattern=PRINTABLE)]
OptionalText = Text | SkipJsonSchema[None]


class SearchParam(NamedTuple):
    """Search parameter: name, FHIR type, description, FHIRPath of what it searches, and the standard parameter that it is."""

    name: str
    type: str
    description: str
    expression: str
    # Id of the SearchParameter of R5; empty: one of this service.
    standard: str = ""
    # Id of the SearchParameter of R4, where /fhir/r4 has it.
    standard_r4: str = ""
    # Whether codes of other organizations lead to what it searches.
    has_code_map: bool = False


ID: Final = SearchParam("_id", "token", "Ids.", "Resource.id", "Resource-id", "Resource-id")
STATUS: Final = SearchParam(
    "status", "token", "Publication statuses.", "{type}.status", "CanonicalResource-status", "conformance-status"
)
URL: Final = SearchParam(
    "url", "uri", "Canonical URL, with or without `|version`.", "{type}.url", "CanonicalResource-url", "conformance-url"
)
IDENTIFIER: Final = SearchParam(
    "identifier", "token", "Permanent identifiers.", "{type}.identifier", "CanonicalResource-identifier"
)
TITLE: Final = SearchParam(
    "title", "string", "Beginning of the title.", "{type}.title", "CanonicalResource-title", "conformance-title"
)
NAME: Final = SearchParam(
    "name", "string", "Beginning of the name.", "{type}.name", "CanonicalResource-name", "conformance-name"
)
# A record has more names than its resource has elements for.
RECORD_NAME: Final = SearchParam(
    "name",
    "string",
    "Beginning of the name of the resource, or of any name of the record: preferred name, synonym or abbreviation.",
    "{type}.name | {type}.title | {type}.extension.extension.where(url='name').extension.where(url='text').value",
)
CODE: Final = SearchParam(
    "code",
    "token",
    "Codes: slugs, or codes of other organizations (ICD-10-CM, ICD-10-PCS, MeSH ...) that lead to the record as exact,"
    " narrower or broader.",
    "ActivityDefinition.code | EvidenceVariable.characteristic.definition.ofType(CodeableConcept) | ConditionDefinition.code",
    has_code_map=True,
)
RECORD_PARAMS: Final = (ID, URL, IDENTIFIER, RECORD_NAME, TITLE, STATUS, CODE)
# The standard parameter searches the identifiers of the citation alone, and clients hold those of the publication.
CITED_IDENTIFIER: Final = SearchParam(
    "identifier",
    "token",
    "Permanent identifiers, or those of the cited publication: DOI (`https://doi.org|...`), PMID, PMCID or the publisher's number.",
    "Citation.identifier | Citation.citedArtifact.identifier",
)
SOURCE_PARAMS: Final = (ID, URL, CITED_IDENTIFIER, RECORD_NAME, TITLE, STATUS)
TOPIC: Final = SearchParam(
    "topic", "token", "Families, intents or body regions.", "{type}.topic", "MetadataResource-topic"
)
PROCEDURE_PARAMS: Final = (*RECORD_PARAMS, TOPIC)
SUBJECT: Final = SearchParam(
    "subject",
    "reference",
    "Subject: ActivityDefinition/ID or EvidenceVariable/ID. A procedure also finds the claims of its narrower forms.",
    "ClinicalUseDefinition.subject | Evidence.extension.extension.where(url='subject').value",
)
CLINICAL_USE_PARAMS: Final = (
    ID,
    SearchParam(
        "identifier",
        "token",
        "Permanent claim ids.",
        "ClinicalUseDefinition.identifier",
        "ClinicalUseDefinition-identifier",
    ),
    SearchParam(
        "status", "token", "Publication statuses.", "ClinicalUseDefinition.status", "ClinicalUseDefinition-status"
    ),
    SUBJECT,
    SearchParam(
        "type",
        "token",
        "indication, contraindication or undesirable-effect.",
        "ClinicalUseDefinition.type",
        "ClinicalUseDefinition-type",
    ),
    SearchParam(
        "indication",
        "token",
        "Conditions: slugs, or diagnosis codes that lead to them.",
        "ClinicalUseDefinition.indication.diseaseSymptomProcedure.concept",
        "ClinicalUseDefinition-indication",
        has_code_map=True,
    ),
    SearchParam(
        "contraindication",
        "token",
        "Topics of contraindications.",
        "ClinicalUseDefinition.contraindication.diseaseSymptomProcedure.concept",
        "ClinicalUseDefinition-contraindication",
    ),
    SearchParam(
        "effect",
        "token",
        "Risks, by slug.",
        "ClinicalUseDefinition.undesirableEffect.symptomConditionEffect.concept",
        "ClinicalUseDefinition-effect",
    ),
)
EVIDENCE_PARAMS: Final = (
    ID,
    URL,
    IDENTIFIER,
    STATUS,
    SUBJECT,
    SearchParam(
        "claim-kind",
        "token",
        "Claim kinds, as codes of the code system claim-kinds.",
        "Evidence.useContext.value.ofType(CodeableConcept)",
    ),
)
DEFINITION_PARAMS: Final = (ID, URL, NAME, TITLE, STATUS)
# A SearchParameter has no title in R5.
SEARCH_PARAMETER_PARAMS: Final = (ID, URL, NAME, STATUS)


class FhirParams(ReleaseParams):
    """Parameters of every path. The route itself checks the format."""

    format: Annotated[str, Field(max_length=80, pattern=PRINTABLE)] = Field(
        default="json", alias="_format", description="JSON is the only format."
    )
    pretty: Annotated[str, Field(max_length=5)] = Field(
        default="false", alias="_pretty", description="Ignored: bodies have no white space."
    )


class MetadataParams(FhirParams):
    """Parameters of the CapabilityStatement."""

    mode: Annotated[str, ClosedEnum({"full": "", "normative": ""})] = Field(
        default="full", description="Both give the whole statement."
    )


class FhirRead(FhirParams):
    """Parameters of every path that returns stored resources."""

    summary: Annotated[str, ClosedEnum(dict.fromkeys(SUMMARIES, ""))] = Field(
        default="false", alias="_summary", description="Part of each resource to return; `count`: only their number."
    )
    elements: OptionalText = Field(
        default=None,
        alias="_elements",
        description="Elements to return beside the mandatory ones, separated by commas.",
    )


class FhirSearch(FhirRead):
    """Parameters of every search."""

    count: int = Field(
        default=20, ge=0, le=2**31, alias="_count", description=f"Matches per page; at most {MAX_COUNT} are returned."
    )
    cursor: Annotated[str, Field(min_length=1, max_length=400)] | SkipJsonSchema[None] = Field(
        default=None,
        alias="_cursor",
        description="Cursor from the `next` link of the previous page; valid for one release.",
    )
    sort: OptionalText = Field(
        default=None, alias="_sort", description="Search parameters to sort by, separated by commas; `-` reverses."
    )
    total: Annotated[str, ClosedEnum(dict.fromkeys(TOTALS, ""))] = Field(
        default="accurate", alias="_total", description="`none` leaves the number of matches out."
    )


def build_search_model(search_params: Sequence[SearchParam], includes: Sequence[str]) -> type[FhirSearch]:
    """Build the model of a search with these parameters and values of `_include`."""
    fields: dict[str, Any] = {}
    for row in search_params:
        for modifier in ("", *(STRING_MODIFIERS if row.type == "string" else ())):
            name = f"{row.name}:{modifier}" if modifier else row.name
            description = f"{row.description} ({modifier})" if modifier else row.description
            field: Any = Field(default=[], alias=name, max_length=20, description=description)
            fields[re.sub(r"\W", "_", name).strip("_") + "_param"] = list[Alternatives], field
    if includes:
        include = Annotated[str, ClosedEnum(dict.fromkeys((*includes, "*"), ""))]
        description = "Related resources to return with the matches; `*` returns all of these."
        fields["include"] = list[include], Field(default=[], alias="_include", max_length=5, description=description)
    return create_model("SearchParams", __base__=FhirSearch, **fields)


def split_alternatives(parameter: str, text: str) -> list[str]:
    r"""Split the value of a parameter at its commas; `\,` is a comma inside an alternative. Raises InvalidParameter."""
    parts = [re.sub(r"\\([,|$\\])", r"\1", part).strip() for part in re.split(r"(?<!\\),", text)]
    if len(parts) > MAX_ALTERNATIVES:
        reject_param(parameter, text, f"at most {MAX_ALTERNATIVES} alternatives are allowed")
    return [part for part in parts if part] or reject_param(parameter, text, "missing value")


def parse_name(parameter: str, text: str) -> str:
    """Parse a name to its normalized form. Raises InvalidParameter if nothing remains of it."""
    return normalize(text) or reject_param(parameter, text, "must contain a letter or digit")


def reject_param(parameter: str, value: str, message: str, suggestions: Iterable[str] = ()) -> NoReturn:
    """Raise InvalidParameter for one parameter."""
    suggestions = tuple(suggestions)
    if suggestions:
        message += f"; did you mean {suggestions[0]!r}?"
    error = FieldError(parameter, value[:200], message)
    raise InvalidParameter(f"{parameter}: {message}", errors=(error,), suggestions=suggestions)
