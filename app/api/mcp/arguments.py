"""Arguments of the MCP tools and their validation. The docstring of each model is the description of its tool."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.mcp.serialization import STRUCTURES
from app.domain import vocabulary
from app.domain.claim_kinds import BLOCKS, CLAIM_KINDS
from app.domain.patterns import OPTIONAL_VERSION, PRINTABLE, validation_message
from app.domain.record_types import RECORD_TYPES
from app.domain.values import OpenEnum
from app.errors import MAX_FIELD_ERRORS, FieldError, InvalidParameter
from app.formats.comparison import FINDINGS_ROW, ROWS
from app.search.index import SEARCHED_TYPES
from app.text.nearest import find_nearest

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Cursor = Annotated[
    str, Field(max_length=400, description="`next` from the previous page; empty returns the first page.")
]
Limit = Annotated[int, Field(ge=1, le=50, description="Items per page.")]
GETTABLE_RECORD_TYPES: Final = tuple(RECORD_TYPES)
COMPARED_ROWS: Final = {name: label for name, label, _ in (*ROWS, FINDINGS_ROW)}
SECTIONS: Final = dict.fromkeys([*STRUCTURES, *BLOCKS, "observations", "guide"], "")


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
    """Get a record or claim: all cited claims about it, and what is unknown.

    The short form has less than 6,000 characters, harms first.
    """

    name: Text = Field(description="Slug, known name, code (M54.16) or claim id.")
    type: Annotated[str, OpenEnum({**dict.fromkeys(GETTABLE_RECORD_TYPES, ""), "claim": "", "": ""})] = Field(
        default="", description="Record type; empty matches any type."
    )
    sections: list[Annotated[str, OpenEnum(SECTIONS)]] = Field(
        default=[],
        max_length=len(SECTIONS),
        description="Sections to return in full, with figures; empty returns the record in short form, its harms first.",
    )


class WhatTreatsArguments(ToolArguments):
    """List procedures that treat or diagnose a pain generator, or that are used for a condition.

    A page has less than 8,000 characters and as many procedures as fit, each with its serious harms and positions against.
    """

    record: Text = Field(description="Pain generator or condition: slug, known name or code (M54.16).")
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
    """Compare two to six procedures side by side: targets, relief, response, risks, setting, and what is unknown.

    Less than 6,000 characters for each procedure, harms first; `more` of a cell counts the values that did not fit.
    """

    procedures: list[Text] = Field(min_length=2, max_length=6, description="Slugs or known names.")
    rows: list[Annotated[str, OpenEnum(COMPARED_ROWS)]] = Field(
        default=[], max_length=len(COMPARED_ROWS), description="Rows of the table; empty: all."
    )


class FindClaimsArguments(ToolArguments):
    """Find single claims by their words and kind, such as "contraindications in pregnancy": every word must occur."""

    query: Text = Field(
        description="Words of the claim; a kind named in them (contraindications, findings) selects it."
    )
    kinds: list[Annotated[str, OpenEnum(dict.fromkeys(CLAIM_KINDS, ""))]] = Field(
        default=[], max_length=10, description="Kinds of claims; empty: any, or those that the query names."
    )
    record: Annotated[str, Field(max_length=200)] = Field(
        default="", description="Record that the claims are about: slug or known name; empty: any."
    )
    limit: Limit = 10
    cursor: Cursor = ""


class OptionsArguments(ToolArguments):
    """List the options of a condition: warning signs, care without a procedure, then what treats or diagnoses it.

    Less than 8,000 characters: `more` counts what did not fit, `url` has the whole.
    """

    condition: Text = Field(description="Condition: slug, known name or code (M54.16).")


class DisagreementsArguments(ToolArguments):
    """List the questions that sources answer differently, with both sides."""

    record: Annotated[str, Field(max_length=200)] = Field(
        default="", description="Procedure, condition or pain generator: slug or known name; empty: all."
    )
    limit: Limit = 10
    cursor: Cursor = ""


class LookupCodeArguments(ToolArguments):
    """Look up codes of other organizations (ICD-10-CM, ICD-10-PCS, MeSH, NICE guidance and others) and their records."""

    code: list[Annotated[str, Field(min_length=1, max_length=120, pattern=PRINTABLE)]] = Field(
        min_length=1, max_length=20, description="SYSTEM|CODE, such as icd-10-cm|M54.16; or the code alone."
    )
    system: Annotated[str, Field(max_length=120)] = Field(default="", description="System of codes that name none.")


class WhatChangedArguments(ToolArguments):
    """List the changes in a content release, field by field, in pages of less than 8,000 characters."""

    version: Annotated[str, Field(max_length=80, pattern=OPTIONAL_VERSION)] = Field(
        default="", description="Release version; empty selects the current release."
    )
    limit: Limit = 20
    cursor: Cursor = ""


PagedArguments = (
    FindArguments | FindClaimsArguments | WhatTreatsArguments | DisagreementsArguments | WhatChangedArguments
)


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
