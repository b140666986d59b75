"""Records: procedures, conditions, pain generators, risks, sources, guide pages, and their names, phrases, slugs and tags."""

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE


class Procedure(SQLModel, table=True):
    """An intervention. `slug` is permanent and never reused."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    # Name that patients use, in everyday words.
    patient_name: str = Field(sa_type=BYTEWISE)
    # Normalized by the loader, so that both engines match and sort it alike.
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    family: str = Field(index=True, sa_type=BYTEWISE)
    implant: bool
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    # Version of the release that last changed the record.
    last_changed_in: str = Field(sa_type=BYTEWISE)


class Condition(SQLModel, table=True):
    """A diagnosis. A stub has a name from the evidence but no description."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    patient_name: str = Field(sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    stub: bool
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    last_changed_in: str = Field(sa_type=BYTEWISE)


class PainGenerator(SQLModel, table=True):
    """An anatomical structure that pain arises from."""

    __tablename__ = "pain_generator"

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    patient_name: str = Field(sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    kind: str = Field(index=True, sa_type=BYTEWISE)
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    last_changed_in: str = Field(sa_type=BYTEWISE)


class Risk(SQLModel, table=True):
    """A risk of the catalog."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    lay_name: str = Field(sa_type=BYTEWISE)
    category: str = Field(index=True, sa_type=BYTEWISE)
    seriousness: str = Field(sa_type=BYTEWISE)
    seriousness_reason: str = Field(sa_type=BYTEWISE)
    description: str = Field(sa_type=BYTEWISE)
    last_changed_in: str = Field(sa_type=BYTEWISE)


class Source(SQLModel, table=True):
    """A publication that claims cite."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    title: str = Field(sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    publisher: str | None = Field(default=None, sa_type=BYTEWISE)
    year: int | None = None
    url: str | None = Field(default=None, sa_type=BYTEWISE)
    doi: str | None = Field(default=None, sa_type=BYTEWISE)
    pmid: str | None = Field(default=None, sa_type=BYTEWISE)
    pmcid: str | None = Field(default=None, sa_type=BYTEWISE)
    number: str | None = Field(default=None, sa_type=BYTEWISE)
    authors: str | None = Field(default=None, sa_type=BYTEWISE)
    design: str = Field(index=True, sa_type=BYTEWISE)
    commercial: bool
    funding: str | None = Field(default=None, sa_type=BYTEWISE)
    year_reason: str | None = Field(default=None, sa_type=BYTEWISE)
    standing: str = Field(sa_type=BYTEWISE)
    standing_date: str | None = Field(default=None, sa_type=BYTEWISE)
    # Slug of the source that took its place.
    replaced_by: str | None = Field(default=None, sa_type=BYTEWISE)
    note: str | None = Field(default=None, sa_type=BYTEWISE)


class GuidePage(SQLModel, table=True):
    """A page of the patient guide."""

    __tablename__ = "guide_page"

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    title: str = Field(unique=True, sa_type=BYTEWISE)
    summary: str = Field(sa_type=BYTEWISE)


class Emergency(SQLModel, table=True):
    """An emergency of the catalog."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    lay_name: str = Field(sa_type=BYTEWISE)
    # How soon to get help for its most urgent signs.
    tier: str = Field(index=True, sa_type=BYTEWISE)
    summary: str = Field(sa_type=BYTEWISE)
    last_changed_in: str = Field(sa_type=BYTEWISE)


class EmergencySign(SQLModel, table=True):
    """A sign of an emergency."""

    __tablename__ = "emergency_sign"

    emergency: str = Field(primary_key=True, foreign_key="emergency.slug", sa_type=BYTEWISE)
    position: int = Field(primary_key=True)
    text: str = Field(sa_type=BYTEWISE)
    tier: str = Field(sa_type=BYTEWISE)
    # JSON array of claim ids.
    claims: str = Field(sa_type=BYTEWISE)


class CallSign(SQLModel, table=True):
    """A sign for which a reader of a record must get help."""

    __tablename__ = "call_sign"

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    position: int = Field(primary_key=True)
    sign: str = Field(sa_type=BYTEWISE)
    tier: str = Field(sa_type=BYTEWISE)
    origin: str = Field(sa_type=BYTEWISE)
    # JSON arrays of slugs and claim ids.
    emergencies: str = Field(sa_type=BYTEWISE)
    claims: str = Field(sa_type=BYTEWISE)


class Name(SQLModel, table=True):
    """A name of a record, normalized for matching. Preferred names are unique within a record type; other names may be shared."""

    __table_args__ = (Index("ix_name_normalized", "type", "normalized", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(primary_key=True, sa_type=BYTEWISE)
    text: str = Field(primary_key=True, sa_type=BYTEWISE)
    normalized: str = Field(sa_type=BYTEWISE)


class SearchPhrase(SQLModel, table=True):
    """Words that people use for a record. Only search matches them: they are no names, and nothing redirects from them."""

    __tablename__ = "search_phrase"

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    text: str = Field(primary_key=True, sa_type=BYTEWISE)


class FormerSlug(SQLModel, table=True):
    """A slug that a record had in an earlier release; it redirects permanently."""

    __tablename__ = "former_slug"

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    old_slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(sa_type=BYTEWISE)


class Withdrawn(SQLModel, table=True):
    """A record that was published and withdrawn; one row for its last slug and one for each earlier slug."""

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    reason: str = Field(sa_type=BYTEWISE)
    # JSON array of slugs.
    replaced_by: str = Field(sa_type=BYTEWISE)


class Review(SQLModel, table=True):
    """The latest review of a record by a named clinician. `lapsed`: what was reviewed has changed since."""

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    reviewed_by: str = Field(sa_type=BYTEWISE)
    credentials: str = Field(sa_type=BYTEWISE)
    reviewed_on: str = Field(sa_type=BYTEWISE)
    lapsed: bool


class Tag(SQLModel, table=True):
    """A vocabulary value of a record: intent, body region, guidance, anesthesia or setting."""

    __table_args__ = (Index("ix_tag_value", "type", "kind", "value", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(primary_key=True, sa_type=BYTEWISE)
    value: str = Field(primary_key=True, sa_type=BYTEWISE)
