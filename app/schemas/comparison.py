"""Comparison of procedures."""

from pydantic import Field

from app.domain.vocabulary import BLOCK_STATUSES
from app.schemas.building_blocks import Link, Ref, ResponseModel, TextWithLang
from app.schemas.claims import ProcedureValueOut, TypicalRelief
from app.schemas.records import FormContraindication, ProcedureSummary, RecordedPosition, RiskGroup


class ComparedValue(ResponseModel):
    """Value of a procedure in a row, as its detail has it, beside its text."""

    label: str = Field(description="The value in words.")
    value: bool | str | RecordedPosition | RiskGroup | FormContraindication | TypicalRelief | ProcedureValueOut = Field(
        description="Value of the claim; for `positions` the position, for `risks` the group, for `typical_relief` the estimate, for `family`, `intents` and `implant` that field."
    )
    claims: list[str] = Field(description="Ids of the claims that state it; empty: it is a field of the procedure.")


class ComparisonCell(ResponseModel):
    """Values of one procedure in one row. `status` says if they are unknown."""

    procedure: str = Field(description="Slug of the column.")
    status: str = Field(
        description="Whether the values are known.",
        json_schema_extra={"x-extensible-enum": [*BLOCK_STATUSES]},
    )
    values: list[ComparedValue] = Field(description="Each value once; empty if not known.")


class ComparisonRow(ResponseModel):
    """Aspect in which the procedures are compared."""

    name: str = Field(description="Identifier of the row.")
    label: str = Field(description="Heading of the row.")
    differs: bool = Field(description="The columns do not all have the same values.")
    cells: list[ComparisonCell] = Field(description="One cell for each procedure, in the order of the columns.")


class ComparisonLinks(ResponseModel):
    """Links of a comparison: itself and its HTML page."""

    self: Link
    html: Link


class Comparison(ResponseModel):
    """Comparison of two to six procedures, row by row. "No procedure" is an option in every comparison."""

    procedures: list[ProcedureSummary] = Field(description="Columns, in the requested order.")
    rows: list[ComparisonRow] = Field(description="Aspects compared.")
    no_procedure: list[Ref] = Field(
        description="Conditions shared by the columns; their pages describe care without a procedure."
    )
    notice: TextWithLang
    links: ComparisonLinks
