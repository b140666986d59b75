"""Claims with values in columns, for SQL on `kb.sqlite`: relief durations, response rates, findings, recommendations."""

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.db.column_types import BYTEWISE


class ReliefDuration(SQLModel, table=True):
    """Estimate of how long relief lasts. At most one estimate per procedure and intent is typical."""

    __tablename__ = "relief_duration"
    __table_args__ = (
        CheckConstraint("min_days <= max_days", name="days_ordered"),
        CheckConstraint("min_days > 0", name="min_days_positive"),
        CheckConstraint("max_days > 0", name="max_days_positive"),
        Index(
            "uq_relief_duration_typical",
            "procedure",
            "intent",
            unique=True,
            sqlite_where=text("typical"),
            postgresql_where=text("typical"),
        ),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", index=True, sa_type=BYTEWISE)
    intent: str = Field(sa_type=BYTEWISE)
    measure: str = Field(sa_type=BYTEWISE)
    statistic: str = Field(sa_type=BYTEWISE)
    # ISO 8601 duration in whole numbers, and its length in days (month 30.4375, year 365.25). Null: the source states none.
    min: str | None = Field(default=None, sa_type=BYTEWISE)
    max: str | None = Field(default=None, sa_type=BYTEWISE)
    min_days: float | None = None
    max_days: float | None = None
    magnitude: str = Field(sa_type=BYTEWISE)
    # The source's own vague phrase. Null: the source is numeric.
    text: str | None = Field(default=None, sa_type=BYTEWISE)
    label: str = Field(sa_type=BYTEWISE)
    # Numbers of the source that are not whole. Null: `min` and `max` are its own numbers.
    source_min: float | None = None
    source_max: float | None = None
    source_unit: str | None = Field(default=None, sa_type=BYTEWISE)
    # Relief was still present when observation ended.
    ongoing: bool
    typical: bool
    selection_reason: str | None = Field(default=None, sa_type=BYTEWISE)


class ResponseRate(SQLModel, table=True):
    """Share of patients who reach a stated degree of relief at a stated time."""

    __tablename__ = "response_rate"
    __table_args__ = (
        CheckConstraint("percent_min >= 0 AND percent_max <= 100", name="percent_range"),
        CheckConstraint("percent_min <= percent_max", name="percent_ordered"),
        CheckConstraint("responders >= 0 AND responders <= n_at", name="responders_of_n"),
        CheckConstraint("comparator_percent >= 0 AND comparator_percent <= 100", name="comparator_range"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    procedure: str = Field(foreign_key="procedure.slug", index=True, sa_type=BYTEWISE)
    percent_min: float | None = None
    percent_max: float | None = None
    responders: int | None = None
    n_at: int | None = None
    at: str | None = Field(default=None, sa_type=BYTEWISE)
    at_days: float | None = None
    comparator_percent: float | None = None


class Finding(SQLModel, table=True):
    """Outcome of a study with its direction."""

    __table_args__ = (
        CheckConstraint("direction IN ('favors', 'no_difference', 'against', 'unclear')", name="direction_known"),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    subject_type: str = Field(sa_type=BYTEWISE)
    subject_slug: str = Field(index=True, sa_type=BYTEWISE)
    outcome: str = Field(sa_type=BYTEWISE)
    direction: str = Field(index=True, sa_type=BYTEWISE)
    at_days: float | None = None


class Recommendation(SQLModel, table=True):
    """Position of a guideline body for or against a procedure."""

    __table_args__ = (
        CheckConstraint(
            "position IN ('for', 'against', 'conditional', 'insufficient', 'no_position')", name="position_known"
        ),
    )

    claim_id: str = Field(primary_key=True, foreign_key="claim.id", sa_type=BYTEWISE)
    subject_type: str = Field(sa_type=BYTEWISE)
    subject_slug: str = Field(index=True, sa_type=BYTEWISE)
    body: str = Field(sa_type=BYTEWISE)
    year: int | None = None
    position: str = Field(index=True, sa_type=BYTEWISE)
