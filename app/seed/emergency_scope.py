"""Records that an emergency belongs to, apart from those whose sources name it."""

from app.domain.values import ProcedureRiskValue, TargetValue
from app.seed import schema as seed
from app.seed.bundle import Bundle


def emergency_belongs_to(
    bundle: Bundle,
    emergency: seed.EmergencyIn,
    record_type: str,
    record: seed.ProcedureIn | seed.ConditionIn | seed.PainGeneratorIn,
) -> bool:
    """Whether an emergency belongs to the risks, the kind or the place of a record."""
    applies_to = emergency.applies_to
    if applies_to.body_regions and set(record.body_regions).isdisjoint(applies_to.body_regions):
        return False
    ancestors = bundle.ancestors[record_type][record.slug].keys()
    match record:
        case seed.ProcedureIn():
            risks = {
                claim.value.risk
                for claim in record.claims
                if isinstance(claim.value, ProcedureRiskValue) and claim.value.state == "known"
            }
            if applies_to.every_procedure or not risks.isdisjoint(emergency.risks):
                return True
            targets = {
                ancestor
                for claim in record.claims
                if isinstance(claim.value, TargetValue)
                for ancestor in bundle.ancestors.get("pain_generator", {}).get(claim.value.pain_generator, ())
            }
            return (
                record.family in applies_to.families
                or not ancestors.isdisjoint(applies_to.procedures)
                or not targets.isdisjoint(applies_to.pain_generators)
            )
        case seed.ConditionIn():
            return not ancestors.isdisjoint(applies_to.conditions)
        case seed.PainGeneratorIn():
            return not ancestors.isdisjoint(applies_to.pain_generators)
