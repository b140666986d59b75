"""Export responses."""

from pydantic import Field, JsonValue

from app.schemas.building_blocks import License, Link, ResponseModel
from app.schemas.records import (
    ConditionDetail,
    EmergencyDetail,
    GuidePageDetail,
    PainGeneratorDetail,
    ProcedureDetail,
    RiskDetail,
    SourceDetail,
)
from app.schemas.releases import ChangeKind, CurrentReleaseOut, ReleaseSummary


class ExportedRelease(ResponseModel):
    """Release that the files belong to."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    revision: str = Field(description="Hash of the content.")


class FileLinks(ResponseModel):
    """Link to the file."""

    self: Link


class ExportedFile(ResponseModel):
    """Exported file."""

    name: str = Field(description="File name.")
    media_type: str = Field(description="Media type of the file.")
    bytes: int = Field(description="Size in bytes.")
    sha256: str = Field(description="SHA-256 of the file in hexadecimal.")
    links: FileLinks


class Manifest(ResponseModel):
    """Exported files of a release. The same release and build produce the same bytes on every host."""

    release: ExportedRelease = Field(description="Their release.")
    build: str = Field(description="Fingerprint of the code that wrote the files.")
    license: License
    files: list[ExportedFile] = Field(description="The files.")


class Export(ResponseModel):
    """Complete content of a release."""

    release: CurrentReleaseOut = Field(description="Release that the records belong to.")
    procedures: list[ProcedureDetail] = Field(description="Every procedure.")
    conditions: list[ConditionDetail] = Field(description="Every condition.")
    pain_generators: list[PainGeneratorDetail] = Field(description="Every pain generator.")
    risks: list[RiskDetail] = Field(description="Every risk.")
    sources: list[SourceDetail] = Field(description="Every source.")
    guide: list[GuidePageDetail] = Field(description="Every page of the patient guide.")
    emergencies: list[EmergencyDetail] = Field(description="Every emergency.")
    releases: list[ReleaseSummary] = Field(description="Every release.")


class StoredChange(ResponseModel):
    """Difference between two states of the content, with the old and new values."""

    entity: str = Field(description="Folder and slug (`procedures/vertebroplasty`), or `about` or `editorial`.")
    change: ChangeKind
    field: str = Field(description="JSON pointer inside the entity; empty: the whole entity.")
    old: JsonValue = Field(description="JSON value before the change; also null if there was none.")
    new: JsonValue = Field(description="JSON value after the change; also null if there is none.")


class StoredRelease(ResponseModel):
    """Release in the history, in the format of the files in `seed_data/releases`."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    title: str = Field(description="Title of the release.")
    content_hash: str = Field(description="Hash of the content after this release's changes.")
    changes: list[StoredChange] = Field(description="Changes of this release.")


class ReleaseExportOut(ResponseModel):
    """Release with every change since the first release, as read by `procedure-kb load --from-export`."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    revision: str = Field(
        description="Hash of the content and its history; a load that produces a different hash is rejected."
    )
    releases: list[StoredRelease] = Field(description="Release history, oldest first.")
    pending: list[StoredChange] = Field(
        description="Changes since the last release; empty unless this is a development version."
    )
    sha256: str = Field(
        description="Hexadecimal SHA-256 of all bytes before the last line; the last line contains only this field."
    )
