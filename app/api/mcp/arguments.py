"""What the tools of /mcp take, and how a mistake in it is said."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain import vocabulary
from app.domain.blocks import BLOCK_BY_CLAIM_KIND
from app.domain.patterns import OPTIONAL_VERSION, PRINTABLE, validation_message
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.search.index import SEARCHED_TYPES
from app.text.nearest import find_nearest

Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Cursor = Annotated[str, Field(max_length=400, description="`next` of the answer before; empty: the first page.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Items of a page.")]
GETTABLE_TYPES: Final = ("procedure", "condition", "pain_generator", "risk", "source", "claim")
SECTIONS: Final = dict.fromkeys([*BLOCK_BY_CLAIM_KIND.values(), "observations"], "")


class ToolArguments(BaseModel):
    """Base of what a tool takes: unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FindArguments(ToolArguments):
    """Find records by what a person types: a symptom, a diagnosis, a procedure, an everyday phrase."""

    query: Text = Field(description='Words to look for; "phrases in quotes" must stand together.')
    types: list[Annotated[str, OpenEnum(dict.fromkeys(SEARCHED_TYPES, ""))]] = Field(
        default=[], max_length=6, description="Types of record to look among; empty: all."
    )
    limit: Limit = 10
    cursor: Cursor = ""


class GetArguments(ToolArguments):
    """Get one record or claim with everything that is cited about it, and what is unknown."""

    name: Text = Field(description="A slug, a known name, or the id of a claim.")
    type: Annotated[str, OpenEnum({**dict.fromkeys(GETTABLE_TYPES, ""), "": ""})] = Field(
        default="", description="Type of record; empty: whichever has this name."
    )
    sections: list[Annotated[str, OpenEnum(SECTIONS)]] = Field(
        default=[], max_length=40, description="Sections to give in full, with figures; empty: all, in short."
    )


class WhatTreatsArguments(ToolArguments):
    """List the procedures that treat or diagnose a pain generator, or are used for a condition."""

    target: Text = Field(description="A pain generator or a condition: slug or known name.")
    role: Annotated[str, OpenEnum({**vocabulary.TARGET_ROLES, "": ""})] = Field(
        default="", description="treats or diagnoses; empty: both."
    )
    family: list[Annotated[str, OpenEnum(vocabulary.PROCEDURE_FAMILIES)]] = Field(
        default=[], max_length=8, description="Families of procedures; empty: all."
    )
    min_relief: str = Field(
        default="", max_length=40, description="ISO 8601: typical relief is at least so long; unknown never passes."
    )
    limit: Limit = 10
    cursor: Cursor = ""


class CompareArguments(ToolArguments):
    """Compare two to six procedures side by side: targets, relief, response, risks, setting. Unknown is said."""

    procedures: list[Text] = Field(min_length=2, max_length=6, description="Slugs or known names.")


class WhatChangedArguments(ToolArguments):
    """List what a release of the content changed, field by field."""

    version: Annotated[str, Field(max_length=80, pattern=OPTIONAL_VERSION)] = Field(
        default="", description="Version of a release; empty: the current one."
    )
    limit: Limit = 20
    cursor: Cursor = ""


def validate_arguments(model: type[ToolArguments], given: dict[str, Any]) -> ToolArguments:
    """The arguments of a tool. InvalidParameter names what is wrong and the nearest known."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong, near_all = [], []
        for one in error.errors():
            name = ".".join(str(part) for part in one["loc"])
            message = validation_message(one)
            near: list[str] = []
            if one["type"] == "extra_forbidden":
                near = find_nearest(name, model.model_fields, limit=3)
                message = f"unknown argument; known are {', '.join(model.model_fields)}"
            elif isinstance(one.get("input"), str):
                near = find_nearest(one["input"], _list_allowed_values(model, str(one["loc"][0])), limit=3)
            if near:
                message += f"; the nearest is {near[0]!r}"
            near_all += near
            wrong.append(FieldError(name, None if one.get("input") is None else str(one["input"])[:200], message))
        said = "; ".join(f"{one.parameter}: {one.message}" for one in wrong)
        raise InvalidParameter(said[:2000], errors=tuple(wrong), suggestions=tuple(dict.fromkeys(near_all))) from None


def _list_allowed_values(model: type[ToolArguments], name: str) -> list[str]:
    info = model.model_fields[name]
    marks = [
        *info.metadata,
        *(mark for part in getattr(info.annotation, "__args__", ()) for mark in getattr(part, "__metadata__", ())),
    ]
    return [value for mark in marks if isinstance(mark, OpenEnum) for value in mark.values if value]
