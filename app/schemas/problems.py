"""Problems (RFC 9457)."""

from typing import Annotated

from pydantic import Field

from app.schemas.building_blocks import Ref, Shown


class ProblemError(Shown):
    """One thing wrong with the request."""

    parameter: str
    value: str | None = Field(description="What was sent; null: nothing was.")
    message: str


class Problem(Shown):
    """An answer that says no, and what would be right."""

    type: str = Field(description="Address of the page that explains this kind of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    code: Annotated[str, Field(description="Kind of problem, for programs.")]
    errors: list[ProblemError]
    suggestions: list[Ref | str] = Field(description="What was probably meant, nearest first.")
    replaced_by: list[Ref] = Field(description="What replaces a withdrawn record; empty of every other problem.")
