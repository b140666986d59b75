"""What is stored: table classes only. Importing this package declares every table (Alembic needs that)."""

from app.db.column_types import name_constraints

name_constraints()

from app.models.claims import Citation, Claim  # noqa: E402 - the naming convention comes before the first table
from app.models.outcomes import Finding, Recommendation, ReliefDuration, ResponseRate  # noqa: E402
from app.models.read_model import Document, Listing, ListingFacet, ListingHome, ListingOrder  # noqa: E402
from app.models.records import (  # noqa: E402
    Condition,
    FormerSlug,
    GuidePage,
    Name,
    PainGenerator,
    Procedure,
    Risk,
    Source,
    Tag,
    Withdrawn,
)
from app.models.relations import (  # noqa: E402
    Broader,
    Cause,
    Indication,
    Origin,
    ProcedureRelation,
    ProcedureRisk,
    Target,
)
from app.models.releases import Release  # noqa: E402

__all__ = [
    "Broader",
    "Cause",
    "Citation",
    "Claim",
    "Condition",
    "Document",
    "Finding",
    "FormerSlug",
    "GuidePage",
    "Indication",
    "Listing",
    "ListingFacet",
    "ListingHome",
    "ListingOrder",
    "Name",
    "Origin",
    "PainGenerator",
    "Procedure",
    "ProcedureRelation",
    "ProcedureRisk",
    "Recommendation",
    "Release",
    "ReliefDuration",
    "ResponseRate",
    "Risk",
    "Source",
    "Tag",
    "Target",
    "Withdrawn",
]
