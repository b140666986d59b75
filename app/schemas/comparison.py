"""Procedures side by side."""

from pydantic import Field

from app.schemas.building_blocks import Link, Ref, Shown, TextWithLang
from app.schemas.records import ProcedureSummary


class ComparisonCell(Shown):
    """What one procedure has in one row. Unknown is said."""

    procedure: str = Field(description="Slug of the column.")
    status: str = Field(json_schema_extra={"x-extensible-enum": ["known", "unknown", "not_applicable"]})
    values: list[str] = Field(description="In words, each from one claim; empty when not known.")
    claims: list[str] = Field(description="Ids of the claims behind the values, in the same order.")


class ComparisonRow(Shown):
    """One aspect, the same for every column."""

    name: str
    label: str
    differs: bool = Field(description="The columns do not all say the same.")
    cells: list[ComparisonCell]


class ComparisonLinks(Shown):
    self: Link
    html: Link


class Comparison(Shown):
    """Two to six procedures side by side, row by row. "No procedure" is an option of every comparison."""

    procedures: list[ProcedureSummary]
    rows: list[ComparisonRow]
    no_procedure: list[Ref] = Field(
        description="Conditions shared by the columns: their pages tell the way without a procedure."
    )
    notice: TextWithLang
    links: ComparisonLinks
