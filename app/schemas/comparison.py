"""Comparison of procedures."""

from pydantic import Field

from app.schemas.building_blocks import Link, Ref, ResponseModel, TextWithLang
from app.schemas.records import ProcedureSummary


class ComparisonCell(ResponseModel):
    """Values of one procedure in one row. `status` says if they are unknown."""

    procedure: str = Field(description="Slug of the column.")
    status: str = Field(json_schema_extra={"x-extensible-enum": ["known", "unknown", "not_applicable"]})
    values: list[str] = Field(description="Values as text, each from one claim; empty if not known.")
    claims: list[str] = Field(description="Ids of the claims behind the values, in the same order.")


class ComparisonRow(ResponseModel):
    """Aspect in which the procedures are compared."""

    name: str
    label: str
    differs: bool = Field(description="The columns do not all have the same values.")
    cells: list[ComparisonCell]


class ComparisonLinks(ResponseModel):
    self: Link
    html: Link


class Comparison(ResponseModel):
    """Comparison of two to six procedures, row by row. "No procedure" is an option in every comparison."""

    procedures: list[ProcedureSummary]
    rows: list[ComparisonRow]
    no_procedure: list[Ref] = Field(
        description="Conditions shared by the columns; their pages describe care without a procedure."
    )
    notice: TextWithLang
    links: ComparisonLinks
