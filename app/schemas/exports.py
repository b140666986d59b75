"""The whole of a release as it is exported."""

from pydantic import Field

from app.schemas.records import (
    ConditionDetail,
    GuidePageDetail,
    PainGeneratorDetail,
    ProcedureDetail,
    RiskDetail,
    SourceDetail,
)
from app.schemas.releases import CurrentRelease, ReleaseSummary
from app.schemas.shown import Licence, Link, Shown


class ExportedRelease(Shown):
    """Which release the files are of."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    revision: str = Field(description="Hash of the content.")


class FileLinks(Shown):
    self: Link


class ExportedFile(Shown):
    """One file."""

    name: str
    media_type: str
    bytes: int
    sha256: str = Field(description="SHA-256 of the file in hexadecimal.")
    links: FileLinks


class Manifest(Shown):
    """The exported files of a release. The same release and build give the same bytes on every box."""

    release: ExportedRelease
    build: str = Field(description="Which code wrote them.")
    licence: Licence
    files: list[ExportedFile]


class Export(Shown):
    """Everything in full."""

    release: CurrentRelease
    procedures: list[ProcedureDetail]
    conditions: list[ConditionDetail]
    pain_generators: list[PainGeneratorDetail]
    risks: list[RiskDetail]
    sources: list[SourceDetail]
    guide: list[GuidePageDetail]
    releases: list[ReleaseSummary]
