"""Arguments of the MCP tools and their validation. The docstring of each model is the description of its tool."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain import vocabulary
from app.domain.claim_kinds import BLOCKS
from app.domain.patterns import OPTIONAL_VERSION, PRINTABLE, validation_message
from app.domain.record_types import RECORD_TYPES
from app.domain.values import OpenEnum
from app.errors import MAX_FIELD_ERRORS, FieldError, InvalidParameter
from app.search.index import SEARCHED_TYPES
from app.text.nearest import find_nearest

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Cursor = Annotated[
    str, Field(max_length=400, description="`next` from the previous page; empty returns the first page.")
]
Limit = Annotated[int, Field(ge=1, le=50, description="Items per page.")]
GETTABLE_RECORD_TYPES: Final = tuple(record_type for record_type in RECORD_TYPES if record_type != "guide_page")
SECTIONS: Final = dict.fromkeys([*BLOCKS, "observations"], "")


class ToolArguments(BaseModel):
    """Arguments of a tool; unknown names are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FindArguments(ToolArguments):
    """Find records by free text: a symptom, a diagnosis, a procedure or an everyday phrase."""

    query: Text = Field(description='Text to search for; "quoted phrases" match as a whole.')
    types: list[Annotated[str, OpenEnum(dict.fromkeys(SEARCHED_TYPES, ""))]] = Field(
        default=[], max_length=6, description="Record types to search; empty searches all."
    )
    limit: Limit = 10
    cursor: Cursor = ""


class GetArguments(ToolArguments):
    """Get a record or claim: all cited claims about it, and what is unknown."""

    name: Text = Field(description="Slug, known name, or claim id.")
    type: Annotated[str, OpenEnum({**dict.fromkeys(GETTABLE_RECORD_TYPES, ""), "claim": "", "": ""})] = Field(
        default="", description="Record type; empty matches any type."
    )
    sections: list[Annotated[str, OpenEnum(SECTIONS)]] = Field(
        default=[],
        max_length=40,
        description="Sections to return in full, with figures; empty returns all sections in short form.",
    )


class WhatTreatsArguments(ToolArguments):
    """List procedures that treat or diagnose a pain generator, or that are used for a condition."""

    record: Text = Field(description="Pain generator or condition: slug or known name.")
    role: Annotated[str, OpenEnum({**vocabulary.TARGET_ROLES, "": ""})] = Field(
        default="", description="treats or diagnoses; empty returns both."
    )
    family: list[Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]] = Field(
        default=[], max_length=8, description="Procedure families; empty returns all."
    )
    position: list[Annotated[str, OpenEnum(vocabulary.POSITIONS)]] = Field(
        default=[], max_length=5, description="Positions that bodies take on the procedure or its forms; empty: any."
    )
    min_relief: str = Field(
        default="",
        max_length=40,
        description="Minimum typical relief (ISO 8601 duration); procedures with unknown relief never match.",
    )
    limit: Limit = 10
    cursor: Cursor = ""


class CompareArguments(ToolArguments):
    """Compare two to six procedures side by side: targets, relief, response, risks, setting, and what is unknown."""

    procedures: list[Text] = Field(min_length=2, max_length=6, description="Slugs or known names.")


class WhatChangedArguments(ToolArguments):
    """List the changes in a content release, field by field."""

    version: Annotated[str, Field(max_length=80, pattern=OPTIONAL_VERSION)] = Field(
        default="", description="Release version; empty selects the current release."
    )
    limit: Limit = 20
    cursor: Cursor = ""


PagedArguments = FindArguments | WhatTreatsArguments | WhatChangedArguments


def validate_arguments(model: type[ToolArguments], arguments: dict[str, Any]) -> ToolArguments:
    """Validate the arguments of a tool. Raises InvalidParameter with an error for each argument, and suggestions."""
    try:
        return model.model_validate(arguments)
    except ValidationError as invalid:
        errors: list[FieldError] = []
        suggestions: list[str] = []
        failures = invalid.errors()
        for error in failures[:MAX_FIELD_ERRORS]:
            name, sent = ".".join(str(part) for part in error["loc"])[:200], error.get("input")
            message = validation_message(error)
            nearest: list[str] = []
            if error["type"] == "extra_forbidden":
                nearest = find_nearest(name, model.model_fields, limit=3)
                message = f"unknown argument; valid arguments are {', '.join(model.model_fields)}"
            elif isinstance(sent, str):
                nearest = find_nearest(sent, _list_allowed_values(model, str(error["loc"][0])), limit=3)
            suggestions += nearest
            errors.append(FieldError(name, None if sent is None else str(sent)[:200], message))
        omitted = len(failures) - len(errors)
        raise InvalidParameter.from_errors(
            errors, omitted=omitted, suggestions=tuple(dict.fromkeys(suggestions))
        ) from None


def _list_allowed_values(model: type[ToolArguments], name: str) -> list[str]:
    field = model.model_fields[name]
    elements = getattr(field.annotation, "__args__", ())
    metadata = [*field.metadata, *(each for element in elements for each in getattr(element, "__metadata__", ()))]
    return [value for enum in metadata if isinstance(enum, OpenEnum) for value in enum.values if value]
