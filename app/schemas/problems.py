"""Error responses (problem details, RFC 9457)."""

from typing import Annotated

from pydantic import Field

from app.schemas.building_blocks import Ref, ResponseModel


class ProblemError(ResponseModel):
    """Error in a request parameter."""

    parameter: str
    value: str | None = Field(description="Value as sent; null: the parameter was not sent.")
    message: str


class Problem(ResponseModel):
    """Error response, with suggestions where possible."""

    type: str = Field(description="URL of the page that explains this type of problem.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    code: Annotated[str, Field(description="Machine-readable error code.")]
    errors: list[ProblemError]
    suggestions: list[Ref | str] = Field(description="Likely intended values, closest match first.")
    replaced_by: list[Ref] = Field(description="Replacements of a withdrawn record; empty for every other problem.")
