"""StructureDefinitions of the extensions, made from the same classes that check the content: they cannot drift.

R5 has no element for how long relief lasts, for how many respond, for a finding's direction, for what a payer covers. Each
of these values is an extension whose members, types and meanings are the fields of its class in `app/schemas`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from app.domain import values
from app.domain.json import Json
from app.formats.fhir.identifiers import canonical_url
from app.schemas import building_blocks as shown
from app.schemas import claims

_BASE_DEFINITION: Final = "http://hl7.org/fhir/StructureDefinition/Extension"
_TYPES: Final[dict[type, str]] = {bool: "boolean", int: "integer", float: "decimal", str: "string"}


@dataclass(frozen=True)
class Member:
    """One member of an extension: its FHIR type, or members of its own."""

    name: str
    type: str
    repeats: bool
    description: str
    members: tuple["Member", ...] = ()


def list_model_members(model: type[BaseModel], rename: dict[str, str] | None = None) -> tuple[Member, ...]:
    """Members of an extension that carries objects of this class."""
    found = []
    for name, info in model.model_fields.items():
        kind, many = _unwrap_annotation(info.annotation)
        shown_name = (rename or {}).get(name, name)
        meaning = info.description or ""
        if name == "risk" and kind is shown.Ref:
            found.append(Member(shown_name, "CodeableConcept", many, meaning or "The risk, of the catalogue."))
        elif isinstance(kind, type) and issubclass(kind, shown.Ref | shown.SourceRef):
            found.append(Member(shown_name, "Reference", many, meaning or "The record spoken of."))
        elif isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append(Member(shown_name, "", many, meaning or (kind.__doc__ or ""), list_model_members(kind)))
        else:
            found.append(Member(shown_name, _TYPES.get(kind, "string"), many, meaning))
    return tuple(found)


def _unwrap_annotation(annotation: Any) -> tuple[Any, bool]:  # noqa: ANN401 - any annotation
    """The class behind an annotation, and whether there may be several."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap_annotation(get_args(annotation)[0])
    if origin in (Union, UnionType):
        return _unwrap_annotation(next(one for one in get_args(annotation) if one is not type(None)))
    if origin is list:
        return _unwrap_annotation(get_args(annotation)[0])[0], True
    return (str if origin is Literal else annotation), False


_TEXT: Final = "string"
_CLAIM: Final = (
    Member("id", _TEXT, repeats=False, description="Permanent id of the claim."),
    Member("kind", _TEXT, repeats=False, description="Kind of claim, of the code system claim-kinds."),
    Member("subject", "Reference", repeats=False, description="The record that the claim speaks of."),
    Member("statement", _TEXT, repeats=False, description="The claim in words."),
    Member(
        "grade", _TEXT, repeats=False, description="From the design of the best source behind it: code system grades."
    ),
    Member("certainty-reason", _TEXT, repeats=True, description="Why the grade is below high; none when it is high."),
    Member("support", _TEXT, repeats=False, description="How far the kept passage of the source carries it: supports."),
    Member("reason", _TEXT, repeats=False, description="Why, where the support is editorial; absent otherwise."),
    Member(
        "citation",
        "",
        repeats=True,
        description="Where the claim was read.",
        members=(
            Member("source", "Reference", repeats=False, description="The source."),
            Member(
                "locator", _TEXT, repeats=False, description="Section, page or table; absent: the source as a whole."
            ),
            Member(
                "note", _TEXT, repeats=False, description="What a reader must know of this citation; absent: nothing."
            ),
        ),
    ),
    Member(
        "qualifiers",
        "",
        repeats=False,
        description="For whom, with what, against what. Absent: the source does not say.",
        members=list_model_members(values.Qualifiers),
    ),
)
_RECORD: Final = (
    Member("slug", _TEXT, repeats=False, description="Permanent public name of the record."),
    Member("type", _TEXT, repeats=False, description="procedure, condition or pain_generator."),
    Member("name", "", repeats=True, description="A name with its kind.", members=list_model_members(shown.NameOut)),
    Member("body-region", _TEXT, repeats=True, description="Code system body-regions."),
    Member("family", _TEXT, repeats=False, description="Of a procedure: code system families."),
    Member("intent", _TEXT, repeats=True, description="Of a procedure: code system intents."),
    Member("implant", "boolean", repeats=False, description="Of a procedure: something stays in the body on purpose."),
    Member(
        "stub", "boolean", repeats=False, description="Of a condition: the evidence names it and does not describe it."
    ),
    Member("kind", _TEXT, repeats=False, description="Of a pain generator: code system generator-kinds."),
    Member(
        "prose",
        "",
        repeats=True,
        description="Prose, with the ids of the claims that it rests on.",
        members=(
            Member(
                "section", _TEXT, repeats=False, description="Section, as in /v1: summary, clinical, key_messages, ..."
            ),
            Member("text", _TEXT, repeats=False, description="The prose."),
            Member("claim", _TEXT, repeats=True, description="Id of a claim that it rests on."),
        ),
    ),
    Member(
        "empty-block",
        "",
        repeats=True,
        description="A block without claims: whether it is unknown or not applicable.",
        members=(
            Member("block", _TEXT, repeats=False, description="Block, as in /v1."),
            Member(
                "status",
                _TEXT,
                repeats=False,
                description="unknown: nothing is known to us; not_applicable: it cannot be.",
            ),
        ),
    ),
    Member("broader", "Reference", repeats=True, description="A more general record."),
    Member("narrower", "Reference", repeats=True, description="A more special record."),
    Member(
        "related",
        "",
        repeats=True,
        description="How a procedure stands to another.",
        members=(
            Member("relation", _TEXT, repeats=False, description="confirms, alternative_to or escalates_to."),
            Member("procedure", "Reference", repeats=False, description="The other procedure."),
            Member("claim", _TEXT, repeats=True, description="Id of a claim behind it."),
            Member("reason", _TEXT, repeats=False, description="Why."),
        ),
    ),
    Member("review", "", repeats=False, description="Review status.", members=list_model_members(shown.ReviewOut)),
    Member("updated-in", _TEXT, repeats=False, description="Version of the release in which the record last changed."),
)
_SOURCE: Final = (
    Member("slug", _TEXT, repeats=False, description="Permanent public name of the source."),
    Member("design", _TEXT, repeats=False, description="Code system designs."),
    Member("commercial", "boolean", repeats=False, description="A practice's or a maker's own words."),
    Member("status", _TEXT, repeats=False, description="current, superseded or retracted."),
    Member("year", "integer", repeats=False, description="Year of publication; absent: not stated."),
)
_CLAIMS: Final = ("ClinicalUseDefinition", "Evidence")
_RECORDS: Final = ("ActivityDefinition", "EvidenceVariable")
_VALUES: Final[dict[str, type[BaseModel]]] = {
    "target": claims.TargetOut,
    "indication": claims.IndicationOut,
    "procedure-risk": claims.ProcedureRiskOut,
    "relief-duration": claims.ReliefDurationOut,
    "onset": values.OnsetValue,
    "response-rate": values.ResponseRateValue,
    "finding": values.FindingValue,
    "recommendation": values.RecommendationValue,
    "evidence-grade": values.EvidenceGradeValue,
    "coverage": values.CoverageValue,
    "statement": claims.StatementOut,
}


@cache
def get_extensions() -> dict[str, tuple[str, tuple[str, ...], tuple[Member, ...]]]:
    """Every extension of this service: what it is, where it stands, and its members."""
    found = {
        "claim": ("A cited statement: who says so, and how well it is supported.", _CLAIMS, _CLAIM),
        "record": ("What is true of a record itself.", _RECORDS, _RECORD),
        "source": ("What kind of source this is.", ("Citation",), _SOURCE),
        "typical-relief": (
            "How long relief typically lasts: the estimate shown first, chosen by a written rule.",
            ("ActivityDefinition",),
            list_model_members(shown.TypicalRelief),
        ),
    }
    for name, model in _VALUES.items():
        meaning = (model.__doc__ or name).strip().splitlines()[0]
        found[f"value-{name}"] = (meaning, _CLAIMS, list_model_members(model))
    return found


def build_structure_definition(name: str, version: str, date: str) -> Json:
    """The StructureDefinition of one extension."""
    meaning, contexts, members = get_extensions()[name]
    elements: list[Json] = [{"id": "Extension", "path": "Extension", "short": meaning, "min": 0, "max": "*"}]
    for one in members:
        elements += _build_elements("Extension", "Extension", one)
    elements.append(
        {
            "id": "Extension.url",
            "path": "Extension.url",
            "min": 1,
            "max": "1",
            "fixedUri": canonical_url("StructureDefinition", name),
        }
    )
    elements.append({"id": "Extension.value[x]", "path": "Extension.value[x]", "min": 0, "max": "0"})
    return {
        "resourceType": "StructureDefinition",
        "id": name,
        "language": "en",
        "url": canonical_url("StructureDefinition", name),
        "version": version,
        "name": "Kb" + "".join(part.capitalize() for part in name.split("-")),
        "title": name.replace("-", " ").capitalize(),
        "status": "active",
        "date": date,
        "description": meaning,
        "fhirVersion": "5.0.0",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": one} for one in contexts],
        "type": "Extension",
        "baseDefinition": _BASE_DEFINITION,
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _build_elements(path: str, place: str, one: Member) -> Iterator[Json]:
    """Elements that describe a member: the slice, its name, and its value or its own members."""
    here, there = f"{place}.extension:{one.name}", f"{path}.extension"
    head: Json = {"id": here, "path": there, "sliceName": one.name, "min": 0, "max": "*" if one.repeats else "1"}
    if one.description:
        head |= {"short": one.description.strip().splitlines()[0], "definition": one.description.strip()}
    yield head
    if one.members:
        for inner in one.members:
            yield from _build_elements(there, here, inner)
    yield {"id": f"{here}.url", "path": f"{there}.url", "min": 1, "max": "1", "fixedUri": one.name}
    value: Json = {"id": f"{here}.value[x]", "path": f"{there}.value[x]"}
    yield value | ({"min": 0, "max": "0"} if one.members else {"min": 1, "max": "1", "type": [{"code": one.type}]})
