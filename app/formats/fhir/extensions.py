"""FHIR extensions built from plain JSON values, member by member, so that no part of a claim is lost.

Null members and empty lists are omitted; the StructureDefinition of the extension says what their absence means. A list
becomes a repeated member. References to records become FHIR references, and risks become codes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.domain.json import Json
from app.formats.fhir.identifiers import build_codeable_concept, build_reference, canonical_url

MAX_INTEGER: Final = 2**31 - 1
_REF_KEYS: Final = {"type", "slug", "name"}


def build_extension(name: str, members: list[Json]) -> Json:
    """Build one of this service's extensions; the StructureDefinition of the same name defines it."""
    return {"url": canonical_url("StructureDefinition", name), "extension": members}


def get_fact_member_name(fact: str, *, repeats: bool) -> str:
    """Name of the member that holds a fact of a record; the member of a list is named in the singular."""
    return (fact.removesuffix("s") if repeats else fact).replace("_", "-")


def build_members(values: Mapping[str, Any]) -> list[Json]:
    """Build the members of an object, in its key order."""
    return [member for name, value in values.items() for member in build_member(name, value)]


def build_member(name: str, value: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON value
    """Yield one member as nested extensions: none for null or empty values, several for a list."""
    if isinstance(value, list):
        for element in value:
            yield from build_member(name, element)
    elif isinstance(value, Mapping):
        if rendered := _render_object(value):
            yield {"url": name, **rendered}
    elif value is not None and value != "":
        yield {"url": name, **_render_scalar(value)}


def _render_object(value: Mapping[str, Any]) -> Json | None:
    if value.keys() >= _REF_KEYS:
        if value["type"] == "risk":
            return {"valueCodeableConcept": build_codeable_concept("risks", value["slug"], value["name"])}
        return {"valueReference": build_reference(dict(value))}
    members = build_members(value)
    return {"extension": members} if members else None


def _render_scalar(value: str | float) -> Json:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return {"valueInteger": value}
    return {"valueString": value} if isinstance(value, str) else {"valueDecimal": value}
