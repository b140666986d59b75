"""Plain JSON values as FHIR extensions, member by member, so that nothing of a claim is lost on the way.

A member that is null, or an empty list, is left out: the StructureDefinition of the extension says what its absence means.
A list is the same member repeated. References to records become references, codes of risks become codes.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.domain.json import Json
from app.formats.fhir.identifiers import canonical, concept, reference

MAX_INTEGER: Final = 2**31 - 1
_REF: Final = {"type", "slug", "name"}


def extension(name: str, members: list[Json]) -> Json:
    """An extension of this service, defined by the StructureDefinition of the same name."""
    return {"url": canonical("StructureDefinition", name), "extension": members}


def members_of(values: Mapping[str, Any]) -> list[Json]:
    """The members of an object, in their order."""
    return [shown for name, value in values.items() for shown in member(name, value)]


def member(name: str, value: Any) -> Iterator[Json]:  # noqa: ANN401 - any JSON value
    """One member as nested extensions: none where it is null or empty, several where it is a list."""
    if isinstance(value, list):
        for one in value:
            yield from member(name, one)
    elif isinstance(value, Mapping):
        if shown := _object(value):
            yield {"url": name, **shown}
    elif value is not None and value != "":
        yield {"url": name, **_plain(value)}


def _object(value: Mapping[str, Any]) -> Json | None:
    if value.keys() >= _REF:
        if value["type"] == "risk":
            return {"valueCodeableConcept": concept("risks", value["slug"], value["name"])}
        return {"valueReference": reference(dict(value))}
    nested = members_of(value)
    return {"extension": nested} if nested else None


def _plain(value: str | float) -> Json:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return {"valueInteger": value}
    return {"valueString": value} if isinstance(value, str) else {"valueDecimal": value}
