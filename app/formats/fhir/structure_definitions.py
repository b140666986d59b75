"""StructureDefinitions of the extensions, generated from the models that validate the content, so that they cannot drift.

R5 has no element for relief duration, response rate, the direction of a finding or coverage. Each of these values is an
extension whose members, types and descriptions are the fields of its model.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from app.domain import values, vocabulary
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES
from app.formats.fhir.claims import get_value_extension_name
from app.formats.fhir.elements import build_definition
from app.formats.fhir.extensions import get_fact_member_name
from app.queries.releases import LoadedRelease
from app.schemas import records
from app.schemas.building_blocks import NameOut, Ref, ReviewOut, SourceRef
from app.schemas.claims import VALUE_MODELS, CertaintyOut, TypicalRelief

_TYPES: Final[dict[type, str]] = {bool: "boolean", int: "integer", float: "decimal", str: "string"}


@dataclass(frozen=True)
class Member:
    """Member of an extension: it has a FHIR type, or nested members."""

    name: str
    description: str
    type: str = "string"
    repeats: bool = False
    members: tuple["Member", ...] = ()


class Extension(NamedTuple):
    """Extension: description, resource types it is used on, and members."""

    description: str
    contexts: tuple[str, ...]
    members: tuple[Member, ...]


def list_model_members(model: type[BaseModel]) -> tuple[Member, ...]:
    """List the members of an extension that holds instances of this model."""
    return tuple(_build_member(name, field.annotation, field.description) for name, field in model.model_fields.items())


def _build_member(name: str, annotation: Any, description: str | None) -> Member:  # noqa: ANN401 - any annotation
    field_type, repeats = _unwrap_annotation(annotation)
    if name == "risk" and field_type is Ref:
        return Member(name, description or "Risk from the catalog.", "CodeableConcept", repeats)
    if isinstance(field_type, type) and issubclass(field_type, Ref | SourceRef):
        return Member(name, description or "Referenced record.", "Reference", repeats)
    if isinstance(field_type, type) and issubclass(field_type, BaseModel):
        members = list_model_members(field_type)
        return Member(name, description or field_type.__doc__ or "", repeats=repeats, members=members)
    return Member(name, description or "", _TYPES.get(field_type, "string"), repeats)


def _unwrap_annotation(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    """Class behind an annotation, and whether it is a list."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap_annotation(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _unwrap_annotation(next(member for member in get_args(annotation) if member is not type(None)))
    if origin is list:
        return _unwrap_annotation(get_args(annotation)[0])[0], True
    return (str if origin is Literal else annotation), False


_CLAIM_MEMBERS: Final = (
    Member("id", "Permanent id of the claim."),
    Member("kind", "Kind of the claim; code system claim-kinds."),
    Member("subject", "Record that the claim is about.", "Reference"),
    Member("statement", "Text of the claim."),
    Member("commercial", "Whether it rests on a maker's or a practice's own words alone.", "boolean"),
    Member(
        "certainty",
        "Certainty as a review or a guideline states it; absent if none does.",
        members=list_model_members(CertaintyOut),
    ),
    Member("support", "How far the archived passage of the source supports the claim; code system supports."),
    Member("reason", "Reasoning, if the support is editorial; absent otherwise."),
    Member(
        "citation",
        "Passage of a source that states the claim.",
        repeats=True,
        members=(
            Member("source", "The source.", "Reference"),
            Member("locator", "Section, page or table; absent if the whole source is cited."),
            Member("note", "Caveat about this citation; absent if there is none."),
        ),
    ),
    Member(
        "qualifiers",
        "Population, intervention and comparator; absent if the source does not state them.",
        members=list_model_members(values.Qualifiers),
    ),
)
_SUMMARY_MODELS: Final = (
    ("procedure", records.ProcedureSummary),
    ("condition", records.ConditionSummary),
    ("pain_generator", records.PainGeneratorSummary),
)


_SHARED_FACTS: Final = frozenset.intersection(
    *(frozenset(RECORD_TYPES[record_type].facts) for record_type, _ in _SUMMARY_MODELS)
)


def _list_fact_members(record_type: str, model: type[BaseModel]) -> Iterator[Member]:
    row = RECORD_TYPES[record_type]
    for fact in row.facts:
        field = model.model_fields[fact]
        only = "" if fact in _SHARED_FACTS else f"{row.label.capitalize()} only: "
        member = _build_member(fact, field.annotation, f"{only}{field.description or fact}")
        yield replace(member, name=get_fact_member_name(fact, repeats=member.repeats))


_RECORD_MEMBERS: Final = (
    Member("slug", "Permanent public name of the record."),
    Member("type", "procedure, condition or pain_generator."),
    Member("name", "Name with its kind.", repeats=True, members=list_model_members(NameOut)),
    Member("body-region", "Body region; code system body-regions.", repeats=True),
    # A fact of every record type is one member.
    *dict.fromkeys(
        member for record_type, model in _SUMMARY_MODELS for member in _list_fact_members(record_type, model)
    ),
    Member(
        "prose",
        "Text, with the ids of the claims that it is based on.",
        repeats=True,
        members=(
            Member("section", "Section, as in /v1: summary, clinical, key_messages, ..."),
            Member("text", "The text."),
            Member("claim", "Id of a claim that the text is based on.", repeats=True),
        ),
    ),
    Member(
        "empty-block",
        "Block without claims.",
        repeats=True,
        members=(
            Member("block", "Block, as in /v1."),
            Member(
                "status", "; ".join(f"{status}: {text}" for status, text in vocabulary.BLOCK_STATUS_MEANINGS.items())
            ),
            Member("searched", "Where it was looked for without a result.", repeats=True),
            Member("searched-on", "Date of that search."),
        ),
    ),
    Member("broader", "More general record.", "Reference", repeats=True),
    Member("narrower", "More specific record.", "Reference", repeats=True),
    Member(
        "related",
        "Relation to another procedure.",
        repeats=True,
        members=(
            Member("relation", "confirms, alternative_to or escalates_to."),
            Member("procedure", "The other procedure.", "Reference"),
            Member("claim", "Id of a claim that supports the relation.", repeats=True),
            Member("reason", "Reason for the relation."),
        ),
    ),
    Member(
        "forms",
        "What the narrower records state; absent if there are none.",
        members=list_model_members(records.Forms),
    ),
    Member(
        "serious-risk",
        "Procedures only: serious risk of it or of a narrower form; the most serious first.",
        repeats=True,
        members=list_model_members(records.RiskGroup),
    ),
    Member(
        "recorded-position",
        "Procedures only: position of a body on it or on a broader or narrower form; those against it first.",
        repeats=True,
        members=list_model_members(records.RecordedPosition),
    ),
    Member("review", "Review status.", members=list_model_members(ReviewOut)),
    Member("last-changed-in", "Version of the release in which the record last changed."),
)
_SOURCE_MEMBERS: Final = (
    Member("slug", "Permanent public name of the source."),
    *_list_fact_members("source", records.SourceSummary),
)
_CLAIM_CONTEXTS: Final = ("ClinicalUseDefinition", "Evidence")


@cache
def get_extensions() -> dict[str, Extension]:
    """Extensions of this service by name."""
    extensions = {
        "claim": Extension(
            "Cited statement: who states it and how well it is supported.", _CLAIM_CONTEXTS, _CLAIM_MEMBERS
        ),
        "record": Extension(
            "Facts about the record itself.",
            ("ActivityDefinition", "EvidenceVariable", "ConditionDefinition"),
            _RECORD_MEMBERS,
        ),
        "source": Extension("Kind of source.", ("Citation",), _SOURCE_MEMBERS),
        "typical-relief": Extension(
            "Typical relief duration: the headline estimate, selected by a written rule.",
            ("ActivityDefinition",),
            list_model_members(TypicalRelief),
        ),
    }
    for claim_kind, model in VALUE_MODELS.items():
        name = get_value_extension_name(claim_kind)
        description = (model.__doc__ or name).strip().splitlines()[0]
        extensions[name] = Extension(description, _CLAIM_CONTEXTS, list_model_members(model))
    return extensions


def build_structure_definition(name: str, release: LoadedRelease) -> Json:
    """Build the StructureDefinition of an extension."""
    extension = get_extensions()[name]
    definition = build_definition("StructureDefinition", name, name.replace("-", " ").capitalize(), release)
    members = (element for member in extension.members for element in _build_elements("Extension", "Extension", member))
    return definition | {
        "date": release.date,
        "description": extension.description,
        "fhirVersion": "5.0.0",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": resource_type} for resource_type in extension.contexts],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {
            "element": [
                {"id": "Extension", "path": "Extension", "short": extension.description, "min": 0, "max": "*"},
                *members,
                *_build_url_and_value("Extension", "Extension", definition["url"]),
            ]
        },
    }


def _build_elements(parent_path: str, parent_id: str, member: Member) -> Iterator[Json]:
    """Yield the elements that define a member: its slice, its nested members, its URL and its value."""
    path, element_id = f"{parent_path}.extension", f"{parent_id}.extension:{member.name}"
    maximum = "*" if member.repeats else "1"
    element: Json = {"id": element_id, "path": path, "sliceName": member.name, "min": 0, "max": maximum}
    if description := member.description.strip():
        element |= {"short": description.splitlines()[0], "definition": description}
    yield element
    for nested in member.members:
        yield from _build_elements(path, element_id, nested)
    yield from _build_url_and_value(path, element_id, member.name, value_type="" if member.members else member.type)


def _build_url_and_value(path: str, element_id: str, url: str, *, value_type: str = "") -> tuple[Json, Json]:
    """Build the elements for the URL of an extension and for its value, which it has unless it has members."""
    value = {"min": 1, "max": "1", "type": [{"code": value_type}]} if value_type else {"min": 0, "max": "0"}
    return (
        {"id": f"{element_id}.url", "path": f"{path}.url", "min": 1, "max": "1", "fixedUri": url},
        {"id": f"{element_id}.value[x]", "path": f"{path}.value[x]", **value},
    )
