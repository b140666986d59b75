"""Error responses (problem details, RFC 9457)."""

from pydantic import Field

from app.errors import list_errors_by_code
from app.schemas.building_blocks import Ref, ResponseModel


class ProblemError(ResponseModel):
    """Error in a request parameter."""

    parameter: str = Field(description="Name of the parameter.")
    value: str | None = Field(description="Value as sent; null: the parameter was not sent.")
    message: str = Field(description="What is wrong, and what is allowed.")


class Problem(ResponseModel):
    """Error response, with suggestions where possible."""

    type: str = Field(description="URL of the page that explains this type of problem.")
    title: str = Field(description="Type of the problem, in words.")
    status: int = Field(description="HTTP status.")
    detail: str = Field(description="What is wrong with this request.")
    instance: str = Field(description="Path of the request.")
    code: str = Field(
        description="Machine-readable error code.", json_schema_extra={"x-extensible-enum": [*list_errors_by_code()]}
    )
    errors: list[ProblemError] = Field(description="Invalid parameters; empty for other problems.")
    suggestions: list[Ref | str] = Field(description="Likely intended values, closest match first.")
    replaced_by: list[Ref] = Field(description="Replacements of a withdrawn record; empty for every other problem.")
