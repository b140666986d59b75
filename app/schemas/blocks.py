"""Which block of a detail shows the claims of a kind."""

from typing import Final

BLOCK_OF_KIND: Final = {
    "site": "sites",
    "target": "targets",
    "indication": "indications",
    "procedure_risk": "risks",
    "relief_duration": "relief_durations",
    "onset": "onsets",
    "response_rate": "response_rates",
    "finding": "findings",
    "recommendation": "recommendations",
    "evidence_grade": "evidence_grades",
    "coverage": "coverage",
    "contraindication": "contraindications",
    "prerequisite": "prerequisites",
    "repeat_limit": "repeat_limits",
    "trial_period": "trial_periods",
    "device_longevity": "device_longevity",
    "guidance": "guidance",
    "anaesthesia": "anaesthesia",
    "setting": "settings",
    "procedure_time": "procedure_times",
    "recovery": "recovery",
    "mechanism": "mechanisms",
    "diagnostic_accuracy": "diagnostic_accuracy",
    "code": "codes",
    "synonym": "names_in_sources",
    "definition": "definitions",
    "symptom": "symptoms",
    "prevalence": "prevalences",
    "incidence": "incidences",
    "natural_course": "natural_courses",
    "first_line_care": "first_line_care",
    "red_flag": "red_flags",
    "reference_test": "reference_tests",
    "share_of_pain": "shares_of_pain",
    "referral_pattern": "referral_patterns",
    "arises_from": "arises_from",
    "causes": "causes",
}
KIND_OF_BLOCK: Final = {block: kind for kind, block in BLOCK_OF_KIND.items()}

PROCEDURE_KINDS: Final = (
    "site target indication procedure_risk relief_duration onset response_rate finding recommendation evidence_grade "
    "coverage contraindication prerequisite repeat_limit trial_period device_longevity guidance anaesthesia setting "
    "procedure_time recovery mechanism diagnostic_accuracy prevalence synonym code"
).split()
CONDITION_KINDS: Final = (
    "definition symptom red_flag arises_from causes prevalence incidence natural_course first_line_care reference_test "
    "finding recommendation evidence_grade coverage mechanism diagnostic_accuracy prerequisite code"
).split()
GENERATOR_KINDS: Final = (
    "definition arises_from share_of_pain referral_pattern reference_test diagnostic_accuracy finding recommendation "
    "evidence_grade coverage mechanism prevalence code"
).split()
KINDS_OF_TYPE: Final = {
    "procedure": PROCEDURE_KINDS,
    "condition": CONDITION_KINDS,
    "pain_generator": GENERATOR_KINDS,
}
