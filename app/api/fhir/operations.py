"""Operations of the terminology: $lookup, $validate-code, $subsumes, $expand and $translate, on a type or on one resource."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, Field
from pydantic.json_schema import SkipJsonSchema

from app.api.fhir.params import FhirParams, OptionalText, Text, parse_name, reject_param
from app.api.fhir.search import is_r4
from app.api.fhir.terminology import check_version, list_concepts, list_mapped, resolve_url
from app.domain.code_systems import CODE_SYSTEMS, CodeSystem, find_code_system
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.errors import NotFound
from app.formats.fhir import terminology
from app.formats.fhir.concept_maps import build_translation
from app.formats.fhir.elements import build_coding, omit_empty, system_url
from app.formats.fhir.terminology import Concept
from app.http.codes import UnknownCode, get_content_code_map
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.text.nearest import find_nearest

MAX_EXPANSION: Final = 1000
_NO_EFFECT: Final = "No effect: content is in English, current and flat."


def _optional(description: str) -> Any:  # noqa: ANN401 - a field
    return Field(default=None, description=description)


def _refuse(_: str) -> str:
    raise ValueError(
        "is not supported: only value sets and code systems of this service, without context or supplements"
    )


# Parameter of the standard that has no meaning here: to ignore it would give a wrong result.
Refused = Annotated[str, Field(max_length=200), AfterValidator(_refuse)] | SkipJsonSchema[None]
_REFUSED: Final = "Refused with 400: not supported."
CANONICALS: Final = "Versions of code systems, as `system|version`; one that is not served is a 404."


class OperationParams(FhirParams):
    """Parameters of every operation."""

    date: OptionalText = _optional(_NO_EFFECT)
    displayLanguage: OptionalText = _optional(_NO_EFFECT)  # noqa: N815 - name of FHIR
    version: OptionalText = _optional("Version of the code system.")


class LookupParams(OperationParams):
    """Parameters of $lookup."""

    code: Text = Field(description="Code to look up.")
    system: OptionalText = _optional("Canonical URL of the code system.")
    display: OptionalText = _optional("No effect: a Coding may have one.")
    property: list[Text] = Field(default=[], max_length=20, description="Properties to return; default: all.")
    useSupplement: Refused = _optional(_REFUSED)  # noqa: N815


class ValidateCodeParams(OperationParams):
    """Parameters of $validate-code."""

    url: OptionalText = _optional("Canonical URL of the code system or value set.")
    code: Text = Field(description="Code to validate.")
    system: OptionalText = _optional("Canonical URL of the code system that the code is from.")
    systemVersion: OptionalText = _optional("Version of the code system.")  # noqa: N815
    valueSetVersion: OptionalText = _optional("Version of the value set.")  # noqa: N815
    display: OptionalText = _optional("Expected name of the code.")
    abstract: OptionalText = _optional("No effect: no code is abstract.")
    inferSystem: OptionalText = _optional("No effect: the system of a code without one is inferred.")  # noqa: N815
    context: Refused = _optional(_REFUSED)
    useSupplement: Refused = _optional(_REFUSED)  # noqa: N815


class SubsumesParams(OperationParams):
    """Parameters of $subsumes."""

    codeA: Text = Field(description="Code that may subsume the other.")  # noqa: N815
    codeB: Text = Field(description="Code that may be subsumed.")  # noqa: N815
    system: OptionalText = _optional("Canonical URL of the code system.")


class ExpandParams(OperationParams):
    """Parameters of $expand."""

    url: OptionalText = _optional("Canonical URL of the value set.")
    valueSetVersion: OptionalText = _optional("Version of the value set.")  # noqa: N815
    filter: OptionalText = _optional("Words; each must be the beginning of a word in a name of the code.")
    offset: int = Field(default=0, ge=0, le=10_000_000, description="Codes to skip.")
    count: int = Field(
        default=100, ge=0, le=2**31, description=f"Codes per page; at most {MAX_EXPANSION} are returned."
    )
    includeDesignations: bool = Field(default=True, description="Whether to return all names of a code.")  # noqa: N815
    includeDefinition: OptionalText = _optional("No effect: codes have no definitions.")  # noqa: N815
    activeOnly: OptionalText = _optional(_NO_EFFECT)  # noqa: N815
    excludeNested: OptionalText = _optional(_NO_EFFECT)  # noqa: N815
    excludeNotForUI: OptionalText = _optional(_NO_EFFECT)  # noqa: N815
    excludePostCoordinated: OptionalText = _optional(_NO_EFFECT)  # noqa: N815
    designation: list[Text] = Field(
        default=[], max_length=20, description="Languages and uses of names to return, as `system|code`; default: all."
    )
    property: list[Text] = Field(default=[], max_length=20, description="Properties of the codes to return (R5).")
    exclude_system: list[Text] = Field(
        default=[], alias="exclude-system", max_length=20, description="Code systems to leave out."
    )
    system_version: list[Text] = Field(default=[], alias="system-version", max_length=20, description=CANONICALS)
    check_system_version: list[Text] = Field(
        default=[], alias="check-system-version", max_length=20, description=CANONICALS
    )
    force_system_version: list[Text] = Field(
        default=[], alias="force-system-version", max_length=20, description=CANONICALS
    )
    context: Refused = _optional(_REFUSED)
    contextDirection: Refused = _optional(_REFUSED)  # noqa: N815
    useSupplement: Refused = _optional(_REFUSED)  # noqa: N815


class TranslateParams(OperationParams):
    """Parameters of $translate in R5."""

    url: OptionalText = _optional("Canonical URL of the concept map; default: the one of the code system.")
    conceptMapVersion: OptionalText = _optional("Version of the concept map.")  # noqa: N815
    sourceCode: OptionalText = _optional("Code of another organization, to translate to records.")  # noqa: N815
    system: OptionalText = _optional("Code system of the source code.")
    targetCode: OptionalText = _optional("Code of a record, to translate to codes of other organizations.")  # noqa: N815
    targetSystem: OptionalText = _optional("Code system of the target code, or of the codes to return.")  # noqa: N815
    sourceScope: OptionalText = _optional("No effect: maps have no source value set.")  # noqa: N815
    targetScope: OptionalText = _optional("No effect: maps have no target value set.")  # noqa: N815
    display: OptionalText = _optional("No effect: a Coding may have one.")


class TranslateR4Params(OperationParams):
    """Parameters of $translate in R4."""

    url: OptionalText = _optional("Canonical URL of the concept map; default: the one of the code system.")
    conceptMapVersion: OptionalText = _optional("Version of the concept map.")  # noqa: N815
    code: Text = Field(description="Code to translate.")
    system: OptionalText = _optional("Code system of the code.")
    source: OptionalText = _optional("No effect: maps have no source value set.")
    target: OptionalText = _optional("No effect: maps have no target value set.")
    targetsystem: OptionalText = _optional("Code system of the codes to return.")
    reverse: bool = Field(default=False, description="Whether to translate from records to codes.")
    display: OptionalText = _optional("No effect: a Coding may have one.")


def _find_concept(concepts: Sequence[Concept], code: str) -> tuple[Concept | None, tuple[str, ...]]:
    """Find a code; if there is none, the nearest codes."""
    for concept in concepts:
        if concept.code == code:
            return concept, ()
    return None, tuple(find_nearest(code, [concept.code for concept in concepts], limit=3))


def _look_up(ctx: RequestContext, name: str | None, params: LookupParams) -> Json:
    name = name or resolve_url(ctx, "CodeSystem", "system", params.system)
    check_version(ctx, params.version)
    concept, suggestions = _find_concept(list_concepts(ctx, name), params.code)
    if concept is None:
        raise NotFound(f"Unknown code {params.code!r} in {system_url(name)}.", suggestions=suggestions)
    return terminology.build_lookup_result(name, concept, ctx.release.version, params.property)


def _validate(ctx: RequestContext, name: str, params: ValidateCodeParams) -> Json:
    for version in (params.version, params.systemVersion, params.valueSetVersion):
        check_version(ctx, version)
    concept, suggestions = _find_concept(list_concepts(ctx, name), params.code)
    system = system_url(terminology.get_code_system(name))
    sent_system = (params.system or system).partition("|")[0]
    return terminology.build_validation_result(
        name, concept if sent_system == system else None, params.code, params.display, suggestions, ctx.release.version
    )


def _validate_code_of_system(ctx: RequestContext, name: str | None, params: ValidateCodeParams) -> Json:
    # A Coding names its system.
    return _validate(ctx, name or resolve_url(ctx, "CodeSystem", "url", params.url or params.system), params)


def _validate_code_of_set(ctx: RequestContext, name: str | None, params: ValidateCodeParams) -> Json:
    return _validate(ctx, name or resolve_url(ctx, "ValueSet", "url", params.url), params)


def _subsume(ctx: RequestContext, name: str | None, params: SubsumesParams) -> Json:
    name = name or resolve_url(ctx, "CodeSystem", "system", params.system)
    check_version(ctx, params.version)
    concepts = {concept.code: concept for concept in list_concepts(ctx, name)}
    for parameter, code in (("codeA", params.codeA), ("codeB", params.codeB)):
        if code not in concepts:
            reject_param(parameter, code, "unknown code", find_nearest(code, concepts, limit=3))

    def iter_ancestors(code: str) -> Iterator[str]:
        for parent in concepts[code].parents:
            yield parent
            yield from iter_ancestors(parent)

    if params.codeA == params.codeB:
        outcome = "equivalent"
    elif params.codeA in iter_ancestors(params.codeB):
        outcome = "subsumes"
    elif params.codeB in iter_ancestors(params.codeA):
        outcome = "subsumed-by"
    else:
        outcome = "not-subsumed"
    return {"resourceType": "Parameters", "parameter": [{"name": "outcome", "valueCode": outcome}]}


def _expand(ctx: RequestContext, name: str | None, params: ExpandParams) -> Json:
    name = name or resolve_url(ctx, "ValueSet", "url", params.url)
    check_version(ctx, params.valueSetVersion)
    text = params.filter
    words = parse_name("filter", text).split() if text is not None else []
    system = system_url(terminology.get_code_system(name))
    for canonical in (*params.system_version, *params.check_system_version, *params.force_system_version):
        named, _, version = canonical.partition("|")
        if named == system:
            check_version(ctx, version or None)
    concepts = list_concepts(ctx, name)
    if system in {canonical.partition("|")[0] for canonical in params.exclude_system}:
        concepts = []
    if words:
        concepts = [concept for concept in concepts if concept.matches(words)]
    if not params.includeDesignations:
        concepts = [replace(concept, names=()) for concept in concepts]
    elif params.designation:
        concepts = [terminology.select_names(concept, params.designation) for concept in concepts]
    return terminology.build_expansion(
        name,
        concepts,
        ctx.release,
        text,
        offset=params.offset,
        count=min(params.count, MAX_EXPANSION),
        # The expansions of R4 have no properties.
        properties=() if is_r4(ctx) else params.property,
    )


def _translate(ctx: RequestContext, name: str | None, params: TranslateParams) -> Json:
    if params.url is not None and name is None:
        name = resolve_url(ctx, "ConceptMap", "url", params.url)
    check_version(ctx, params.conceptMapVersion)
    if (params.sourceCode is None) == (params.targetCode is None):
        reject_param("sourceCode", params.sourceCode or "", "send either sourceCode or targetCode")
    if params.targetCode is not None:
        matches = _list_codes_of_record(ctx, name, params)
    else:
        matches = _list_records_of_code(ctx, name, params)
    return build_translation(matches, "No record of this service is mapped to the code.")


def _list_records_of_code(
    ctx: RequestContext, name: str | None, params: TranslateParams
) -> list[tuple[str, str, Json]]:
    """(relation, code system, Coding) of the records that a code means, as the code lookup has them."""
    code_map, default = get_content_code_map(ctx), CODE_SYSTEMS[name] if name else None
    system: CodeSystem | None = find_code_system(params.system) if params.system else default
    if system is None or (default is not None and system is not default):
        return []
    try:
        records = code_map.list_records(code_map.parse(params.sourceCode or "", system))
    except UnknownCode:
        return []
    matches = [
        (
            record.relation,
            system.name,
            build_coding(
                RECORD_TYPES[record.record_type].fhir_system,
                record.slug,
                names_by_slug(ctx, record.record_type).get(record.slug),
            ),
        )
        for record in records
    ]
    return [match for match in matches if params.targetSystem in {None, match[2]["system"]}]


def _list_codes_of_record(
    ctx: RequestContext, name: str | None, params: TranslateParams
) -> list[tuple[str, str, Json]]:
    """(relation, code system, Coding) of the codes that mean a record, from its code in this service."""
    return [
        (
            row.relation,
            system.name,
            omit_empty({"system": system.uri, "code": row.code, "display": row.title}),
        )
        for system in CODE_SYSTEMS.values()
        if name in {None, system.name}
        for row in list_mapped(ctx, system.name)
        if row.slug == params.targetCode
        and params.targetSystem in {None, system_url(RECORD_TYPES[row.record_type].fhir_system)}
    ]


def _translate_r4(ctx: RequestContext, name: str | None, params: TranslateR4Params) -> Json:
    r5: dict[str, Any] = {"url": params.url, "conceptMapVersion": params.conceptMapVersion}
    if params.reverse:
        target = find_code_system(params.targetsystem or "")
        name = name or (target.name if target else None)
        r5 |= {"targetCode": params.code, "targetSystem": params.system}
    else:
        r5 |= {"sourceCode": params.code, "system": params.system, "targetSystem": params.targetsystem}
    return _translate(ctx, name, TranslateParams(**r5))


class Operation(NamedTuple):
    """Operation of a resource type: its parameters, what computes it, and the resource type of its response."""

    resource_type: str
    name: str
    description: str
    params: type[OperationParams]
    run: Callable[[RequestContext, str | None, Any], Json]
    returns: str = "Parameters"


OPERATIONS: Final = (
    Operation("CodeSystem", "lookup", "Look up a code.", LookupParams, _look_up),
    Operation(
        "CodeSystem",
        "validate-code",
        "Check whether a code system has a code, and whether its name is right.",
        ValidateCodeParams,
        _validate_code_of_system,
    ),
    Operation(
        "CodeSystem", "subsumes", "Say whether a record is broader or narrower than another.", SubsumesParams, _subsume
    ),
    Operation(
        "ValueSet",
        "expand",
        f"List the codes of a value set, page by page; `count` above {MAX_EXPANSION:,} gives {MAX_EXPANSION:,}.",
        ExpandParams,
        _expand,
        "ValueSet",
    ),
    Operation(
        "ValueSet",
        "validate-code",
        "Check whether a value set has a code, and whether its name is right.",
        ValidateCodeParams,
        _validate_code_of_set,
    ),
    Operation("ConceptMap", "translate", "Translate a code to records, or back.", TranslateParams, _translate),
)
_R4_TRANSLATE: Final = OPERATIONS[-1]._replace(params=TranslateR4Params, run=_translate_r4)
R4_OPERATIONS: Final = (*OPERATIONS[:-1], _R4_TRANSLATE)
