"""Claims and their citations."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTES, BYTEWISE


class Claim(SQLModel, table=True):
    """A cited statement about a record. `id` is permanent."""

    __table_args__ = (
        Index("ix_claim_subject", "subject_type", "subject_slug", "kind", "position"),
        CheckConstraint("support IN ('quote', 'beyond_quote', 'editorial')", name="support_known"),
    )

    id: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(index=True, sa_type=BYTEWISE)
    subject_type: str = Field(sa_type=BYTEWISE)
    subject_slug: str = Field(sa_type=BYTEWISE)
    # Position among the claims of the subject.
    position: int
    statement: str = Field(sa_type=BYTEWISE)
    # Canonical JSON; the claim kind determines the schema of the value.
    value: str = Field(sa_type=BYTEWISE)
    qualifiers: str = Field(sa_type=BYTEWISE)
    # Whether it rests on a maker's or a practice's own words alone.
    commercial: bool
    # As a review or a guideline states it, by whom, for which outcome; null: none is stated.
    certainty: str | None = Field(default=None, sa_type=BYTEWISE)
    certainty_stated_by: str | None = Field(default=None, sa_type=BYTEWISE)
    certainty_outcome: str | None = Field(default=None, sa_type=BYTEWISE)
    support: str = Field(sa_type=BYTEWISE)
    reason: str | None = Field(default=None, sa_type=BYTEWISE)
    # JSON of the claim as the API returns it, serialized once by the loader.
    document: bytes = Field(sa_type=BYTES)


class Citation(SQLModel, table=True):
    """A source of a claim. The loader rejects a claim without a citation."""

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    position: int = Field(primary_key=True)
    source_slug: str = Field(foreign_key="source.slug", index=True, sa_type=BYTEWISE)
    locator: str | None = Field(default=None, sa_type=BYTEWISE)
    note: str | None = Field(default=None, sa_type=BYTEWISE)
