"""Claims and what they rest on."""

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTES, BYTEWISE


class Claim(SQLModel, table=True):
    """One cited statement about a record. `id` is permanent."""

    __table_args__ = (
        Index("ix_claim_subject", "subject_type", "subject_slug", "kind", "position"),
        CheckConstraint("support IN ('quote', 'beyond_quote', 'editorial')", name="support_known"),
        CheckConstraint("grade IN ('high', 'moderate', 'low', 'very_low')", name="grade_known"),
    )

    id: str = Field(primary_key=True, sa_type=BYTEWISE)
    kind: str = Field(index=True, sa_type=BYTEWISE)
    subject_type: str = Field(sa_type=BYTEWISE)
    subject_slug: str = Field(sa_type=BYTEWISE)
    # Place among the claims of its kind on its subject.
    position: int
    statement: str = Field(sa_type=BYTEWISE)
    # The value checked by its kind, and the qualifiers, as canonical JSON.
    value: str = Field(sa_type=BYTEWISE)
    qualifiers: str = Field(sa_type=BYTEWISE)
    grade: str = Field(sa_type=BYTEWISE)
    support: str = Field(sa_type=BYTEWISE)
    reason: str | None = Field(default=None, sa_type=BYTEWISE)
    # The claim as it is shown, serialised once by the loader.
    document: bytes = Field(sa_type=BYTES)


class Citation(SQLModel, table=True):
    """Where a claim was read. Every claim has one at least; the loader refuses one without."""

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    position: int = Field(primary_key=True)
    source_slug: str = Field(foreign_key="source.slug", index=True, sa_type=BYTEWISE)
    locator: str | None = Field(default=None, sa_type=BYTEWISE)
    note: str | None = Field(default=None, sa_type=BYTEWISE)
