"""Plain JSON values as FHIR extensions, member by member, so that nothing of a claim is lost on the way.

A member that is null, or an empty list, is left out: the StructureDefinition of the extension says what its absence means.
A list is the same member repeated. References to records become references, codes of risks become codes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.domain.json import Json
from app.formats.fhir.identifiers import build_codeable_concept, build_reference, canonical_url

MAX_INTEGER: Final = 2**31 - 1
_REF_KEYS: Final = {"type", "slug", "name"}


def build_extension(name: str, members: list[Json]) -> Json:
    """An extension of this service, defined by the StructureDefinition of the same name."""
    return {"url": canonical_url("StructureDefinition", name), "extension": members}


def build_members(values: Mapping[str, Any]) -> list[Json]:
    """The members of an object, in their order."""
    return [shown for name, value in values.items() for shown in build_member(name, value)]


def build_member(name: str, value: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON value
    """One member as nested extensions: none where it is null or empty, several where it is a list."""
    if isinstance(value, list):
        for one in value:
            yield from build_member(name, one)
    elif isinstance(value, Mapping):
        if shown := _render_object(value):
            yield {"url": name, **shown}
    elif value is not None and value != "":
        yield {"url": name, **_render_scalar(value)}


def _render_object(value: Mapping[str, Any]) -> Json | None:
    if value.keys() >= _REF_KEYS:
        if value["type"] == "risk":
            return {"valueCodeableConcept": build_codeable_concept("risks", value["slug"], value["name"])}
        return {"valueReference": build_reference(dict(value))}
    nested = build_members(value)
    return {"extension": nested} if nested else None


def _render_scalar(value: str | float) -> Json:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return {"valueInteger": value}
    return {"valueString": value} if isinstance(value, str) else {"valueDecimal": value}
