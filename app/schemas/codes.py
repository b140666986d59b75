"""Codes of other organizations in details."""

from typing import Annotated

from pydantic import Field

from app.domain.code_systems import CODE_ORIGINS, CODE_RELATIONS, CODE_SYSTEMS
from app.domain.values import OpenEnum
from app.schemas.building_blocks import ResponseModel

SystemName = Annotated[str, OpenEnum(dict.fromkeys(CODE_SYSTEMS, ""))]
CodeOrigin = Annotated[str, OpenEnum(CODE_ORIGINS)]
CodeRelation = Annotated[str, OpenEnum(CODE_RELATIONS)]


class CodeOut(ResponseModel):
    """Code of another organization for a record."""

    system: SystemName = Field(description="Code system.")
    system_title: str = Field(description="Name of the code system.")
    system_uri: str = Field(description="URI of the code system, as FHIR uses it.")
    version: str | None = Field(description="Date or year of the table; null: not stated.")
    code: str = Field(description="The code.")
    title: str = Field(description="Title of the code in its table.")
    relation: CodeRelation = Field(description="Relation of the code to the record.")
    billable: bool | None = Field(description="Whether bills may bear the code; null: the system does not say.")
    includes_narrower: bool = Field(description="Whether every code that begins with it is meant, too.")
