"""FHIR extensions built from plain JSON values, member by member, so that no part of a claim is lost.

Null members and empty lists are omitted; the StructureDefinition of the extension says what their absence means. A list
becomes a repeated member. References to records become FHIR references, and risks become codes.
"""

from collections.abc import Mapping
from typing import Any, Final

from app.domain.json import Json
from app.formats.fhir.elements import build_codeable_concept, build_reference, canonical_url, to_plain_number

MAX_INTEGER: Final = 2**31 - 1
_VALUE_ELEMENTS: Final = {str: "valueString", bool: "valueBoolean", int: "valueInteger", float: "valueDecimal"}


def build_extension(name: str, values: Mapping[str, Any]) -> Json:
    """Build one of this service's extensions; the StructureDefinition of the same name defines it."""
    return {"url": canonical_url("StructureDefinition", name), "extension": _build_members(values)}


def get_fact_member_name(fact: str, *, repeats: bool) -> str:
    """Name of the member that holds a fact of a record; the member of a list is named in the singular."""
    return (fact.removesuffix("s") if repeats else fact).replace("_", "-")


def _build_members(values: Mapping[str, Any]) -> list[Json]:
    """Build the members of an object, in its key order: none for null or empty values, several for a list."""
    return [
        {"url": name, **rendered}
        for name, value in values.items()
        for element in (value if isinstance(value, list) else (value,))
        if (rendered := _render(element))
    ]


def _render(value: Any) -> Json | None:  # noqa: ANN401 - any JSON value but a list
    match value:
        case None | "":
            return None
        case {"type": "risk", "slug": slug, "name": name}:
            return {"valueCodeableConcept": build_codeable_concept("risks", slug, name)}
        case {"type": _, "slug": _, "name": _}:
            return {"valueReference": build_reference(value)}
        case dict():
            members = _build_members(value)
            return {"extension": members} if members else None
    is_too_large = isinstance(value, int) and abs(value) > MAX_INTEGER
    number = to_plain_number(value) if isinstance(value, float) else value
    return {"valueDecimal" if is_too_large else _VALUE_ELEMENTS[type(value)]: number}
