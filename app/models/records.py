"""The records: procedures, conditions, pain generators, risks, sources, guide pages, and what they are called."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE
from app.domain import vocabulary


def _listed(column: str, values: object) -> CheckConstraint:
    quoted = ", ".join(f"'{value}'" for value in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} IN ({quoted})", name=f"{column}_known")


class Procedure(SQLModel, table=True):
    """What a specialist does. `slug` is its permanent public name: never reused."""

    __table_args__ = (_listed("family", vocabulary.FAMILIES),)

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    # The name as the loader folds it, so that both engines match and order it alike.
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    family: str = Field(index=True, sa_type=BYTEWISE)
    implant: bool
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    # Version of the release in which it last changed.
    updated_in: str = Field(sa_type=BYTEWISE)


class Condition(SQLModel, table=True):
    """What the patient is diagnosed with. A stub is named by the evidence and not described."""

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    stub: bool
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    updated_in: str = Field(sa_type=BYTEWISE)


class PainGenerator(SQLModel, table=True):
    """An anatomical structure that pain arises from."""

    __tablename__ = "pain_generator"
    __table_args__ = (_listed("kind", vocabulary.GENERATOR_KINDS),)

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    kind: str = Field(index=True, sa_type=BYTEWISE)
    summary: str | None = Field(default=None, sa_type=BYTEWISE)
    updated_in: str = Field(sa_type=BYTEWISE)


class Risk(SQLModel, table=True):
    """One risk of the catalogue."""

    __table_args__ = (_listed("category", vocabulary.RISK_CATEGORIES),)

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    name: str = Field(unique=True, sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    lay_name: str = Field(sa_type=BYTEWISE)
    category: str = Field(index=True, sa_type=BYTEWISE)
    description: str = Field(sa_type=BYTEWISE)
    updated_in: str = Field(sa_type=BYTEWISE)


class Source(SQLModel, table=True):
    """What facts were read in."""

    __table_args__ = (_listed("design", vocabulary.DESIGNS), _listed("status", vocabulary.SOURCE_STATUSES))

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    title: str = Field(sa_type=BYTEWISE)
    sort_name: str = Field(index=True, sa_type=BYTEWISE)
    publisher: str | None = Field(default=None, sa_type=BYTEWISE)
    year: int | None = None
    url: str | None = Field(default=None, sa_type=BYTEWISE)
    doi: str | None = Field(default=None, sa_type=BYTEWISE)
    design: str = Field(index=True, sa_type=BYTEWISE)
    commercial: bool
    status: str = Field(sa_type=BYTEWISE)
    note: str | None = Field(default=None, sa_type=BYTEWISE)


class GuidePage(SQLModel, table=True):
    """One page of the patient guide."""

    __tablename__ = "guide_page"

    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    title: str = Field(unique=True, sa_type=BYTEWISE)
    summary: str = Field(sa_type=BYTEWISE)


class Name(SQLModel, table=True):
    """A name of a record, folded for matching. A preferred name belongs to one record of its type; others may be shared."""

    __table_args__ = (Index("ix_name_folded", "type", "folded", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(primary_key=True, sa_type=BYTEWISE)
    text: str = Field(primary_key=True, sa_type=BYTEWISE)
    folded: str = Field(sa_type=BYTEWISE)


class FormerSlug(SQLModel, table=True):
    """A slug that a record had in an earlier release: a permanent redirect."""

    __tablename__ = "former_slug"

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    former: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(sa_type=BYTEWISE)


class Withdrawn(SQLModel, table=True):
    """A record that was published and is gone, under its last slug and under each that it had before."""

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    reason: str = Field(sa_type=BYTEWISE)
    # Slugs of what replaces it, as a JSON array.
    replaced_by: str = Field(sa_type=BYTEWISE)


class Tag(SQLModel, table=True):
    """A value of a closed list that a record has: intents, body regions, guidance, anaesthesia, setting."""

    __table_args__ = (Index("ix_tag_value", "type", "kind", "value", "slug"),)

    type: str = Field(primary_key=True, sa_type=BYTEWISE)
    slug: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(primary_key=True, sa_type=BYTEWISE)
    value: str = Field(primary_key=True, sa_type=BYTEWISE)
