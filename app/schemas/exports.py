"""The whole of a release as it is exported."""

from typing import Literal

from pydantic import Field, JsonValue

from app.schemas.building_blocks import Licence, Link, Shown
from app.schemas.records import (
    ConditionDetail,
    GuidePageDetail,
    PainGeneratorDetail,
    ProcedureDetail,
    RiskDetail,
    SourceDetail,
)
from app.schemas.releases import CurrentRelease, ReleaseSummary


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


class StoredChange(Shown):
    """One difference between two states of the content, with the values themselves."""

    entity: str = Field(description="Family and slug (`procedures/vertebroplasty`), or `about` or `editorial`.")
    change: Literal["added", "changed", "removed"]
    field: str = Field(description="JSON pointer inside the entity; empty: the entity as a whole.")
    old: JsonValue = Field(description="The JSON value before; null as well where there was none.")
    new: JsonValue = Field(description="The JSON value after; null as well where there is none.")


class StoredRelease(Shown):
    """One release of the history, as a file of `seed_data/releases` holds it."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    title: str
    content_hash: str = Field(description="Hash of the content that the changes so far lead to.")
    changes: list[StoredChange]


class ReleaseExport(Shown):
    """The release as `procedure-kb load --from-export` reads it: every change from the first release on."""

    version: str
    date: str = Field(description="RFC 3339 date.")
    revision: str = Field(description="Hash of the content and its history: a load that ends in another is refused.")
    releases: list[StoredRelease] = Field(description="The history, the first release first.")
    pending: list[StoredChange] = Field(description="Changes since the last release; empty unless under development.")
    sha256: str = Field(
        description="SHA-256 in hexadecimal of the bytes before the last line, which holds nothing but this."
    )
