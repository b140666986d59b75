"""Table classes. Importing this package declares every table, which Alembic needs."""

from app.db.column_types import set_naming_convention

set_naming_convention()

from app.models.claims import Citation, Claim  # noqa: E402 - the naming convention comes before the first table
from app.models.outcomes import Finding, Recommendation, ReliefDuration, ResponseRate  # noqa: E402
from app.models.read_model import Document, LinkedProcedurePositions, ListFacet, ListRow, ListSort  # noqa: E402
from app.models.records import (  # noqa: E402
    CallSign,
    Condition,
    Emergency,
    EmergencySign,
    FormerSlug,
    GuidePage,
    Name,
    PainGenerator,
    Procedure,
    Review,
    Risk,
    SearchPhrase,
    Source,
    Tag,
    Withdrawn,
)
from app.models.relations import (  # noqa: E402
    Ancestor,
    ConditionCause,
    ConditionGenerator,
    Indication,
    ProcedureRelation,
    ProcedureRisk,
    Target,
)
from app.models.releases import Release  # noqa: E402

__all__ = [
    "Ancestor",
    "CallSign",
    "Citation",
    "Claim",
    "Condition",
    "ConditionCause",
    "ConditionGenerator",
    "Document",
    "Emergency",
    "EmergencySign",
    "Finding",
    "FormerSlug",
    "GuidePage",
    "Indication",
    "LinkedProcedurePositions",
    "ListFacet",
    "ListRow",
    "ListSort",
    "Name",
    "PainGenerator",
    "Procedure",
    "ProcedureRelation",
    "ProcedureRisk",
    "Recommendation",
    "Release",
    "ReliefDuration",
    "ResponseRate",
    "Review",
    "Risk",
    "SearchPhrase",
    "Source",
    "Tag",
    "Target",
    "Withdrawn",
]
