"""SearchParameters for what R5 does not define."""

from collections.abc import Sequence

from app.domain.json import Json
from app.formats.fhir.elements import build_definition
from app.queries.releases import LoadedRelease


def build_search_parameter(
    name: str, param_type: str, description: str, expression: str, bases: Sequence[str], release: LoadedRelease
) -> Json:
    """Build the SearchParameter of a parameter; `{type}` in its expression stands for each resource type that has it."""
    definition = build_definition("SearchParameter", name, "", release)
    expressions = dict.fromkeys(expression.format(type=base) for base in bases)
    return {key: element for key, element in definition.items() if key not in {"title", "language"}} | {
        "experimental": False,
        "date": release.date,
        "description": description,
        "code": name,
        "base": list(bases),
        "type": param_type,
        "expression": " | ".join(expressions),
    }
