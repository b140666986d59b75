"""Responses of the code lookup."""

from typing import Annotated

from pydantic import Field

from app.domain.code_systems import CODE_STATUSES
from app.domain.values import OpenEnum
from app.schemas.building_blocks import Block, Link, Ref, ResponseModel, SelfLink, TextWithLang
from app.schemas.codes import CodeOrigin, CodeRelation, SystemName
from app.schemas.records import POSITIONS_TEXT, RecordedPosition


class CodedTreatment(ResponseModel):
    """Procedure that a source says treats the condition."""

    procedure: Ref = Field(description="The procedure.")
    claims: list[str] = Field(description="Ids of the claims that state it.")
    positions: Block[RecordedPosition] = Field(description=POSITIONS_TEXT)


class TreatmentLinks(ResponseModel):
    """Links from the treatments of a condition."""

    all: Link
    options: Link


class CodedTreatments(ResponseModel):
    """What treats a condition: the first ten procedures."""

    total: int = Field(description="Number of procedures.")
    items: list[CodedTreatment] = Field(description="At most ten, by name.")
    links: TreatmentLinks


class CodedRecordOut(Ref):
    """Record that a code leads to."""

    relation: CodeRelation = Field(description="Relation of the code to the record.")
    origin: CodeOrigin = Field(description="Who says so: the content, or the operator of this service.")
    path: list[str] = Field(description="Codes from the requested one to the one that is mapped.")
    treatments: CodedTreatments | None = Field(
        description="What treats it; null: the record is no condition, or merely related."
    )
    links: SelfLink


class LookedUpCode(ResponseModel):
    """Code with the records that it leads to, or with what is near it."""

    system: SystemName = Field(description="Code system.")
    system_uri: str = Field(description="URI of the code system, as FHIR uses it.")
    version: str | None = Field(description="Date or year of the table; null: not stated.")
    code: str = Field(description="The code.")
    title: str | None = Field(description="Its title; null: not known (always known for ICD-10-CM).")
    billable: bool | None = Field(description="Whether bills may bear it; null: not known.")
    status: Annotated[str, OpenEnum(CODE_STATUSES)] = Field(
        description="Whether it leads to a record, to related ones only, or to none."
    )
    records: list[CodedRecordOut] = Field(description="Records, exact ones first; empty if unknown.")
    parent: str | None = Field(description="Valid code above it; null: none.")
    replaced_by: list[str] = Field(description="Codes that replaced a retired one.")
    nearest: list[str] = Field(description="Codes with records that are near an unknown one.")


class CodeLookup(ResponseModel):
    """Codes with the records that they lead to, in the requested order."""

    items: list[LookedUpCode] = Field(description="One for each requested code.")
    notice: TextWithLang
    links: SelfLink
