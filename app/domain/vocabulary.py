"""Vocabularies of the API: every allowed value with its human-readable label.

The OpenAPI document publishes most of them as `x-extensible-enum`, because later versions may add values. The loader
rejects values that are not listed here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _labels(**labels: str) -> Mapping[str, str]:
    return MappingProxyType(labels)


def _ranks(labels: Mapping[str, str]) -> Mapping[str, int]:
    """Rank of each value of a vocabulary that is listed in order of weight: 0 is the first."""
    return MappingProxyType({name: rank for rank, name in enumerate(labels)})


PROCEDURE_FAMILIES: Final = _labels(
    injection="Injection",
    nerve_block="Nerve block",
    ablation="Ablation",
    neuromodulation="Neuromodulation",
    augmentation="Augmentation",
    decompression="Decompression",
    drug_delivery="Drug delivery",
    infusion="Infusion",
    neurolysis="Neurolysis",
    diagnostic_test="Diagnostic test",
)
INTENTS: Final = _labels(diagnostic="Diagnostic", therapeutic="Therapeutic")
GENERATOR_KINDS: Final = _labels(
    joint="Joint",
    disc="Disc",
    nerve="Nerve",
    ganglion="Ganglion",
    plexus="Plexus",
    muscle="Muscle",
    bone="Bone",
    ligament="Ligament",
    space="Space",
)
BODY_REGIONS: Final = _labels(
    head_face="Head and face",
    neck="Neck",
    thorax="Chest and upper back",
    abdomen="Belly (abdomen)",
    low_back="Low back",
    pelvis="Pelvis",
    shoulder_arm="Shoulder and arm",
    hip="Hip",
    knee="Knee",
    leg_foot="Leg and foot",
    whole_body="Whole body",
)
TARGET_ROLES: Final = _labels(diagnoses="Diagnoses", treats="Treats")
GUIDANCE: Final = _labels(
    fluoroscopy="Fluoroscopy (real-time X-ray)",
    ultrasound="Ultrasound",
    ct="Computed tomography",
    mri="Magnetic resonance imaging",
    endoscopy="Endoscopy",
    nerve_stimulation="Nerve stimulation",
    landmark="Landmarks, without imaging",
    image_guidance="Image guidance, type not stated",
)
ANESTHESIA: Final = _labels(
    none="None",
    local="Local anesthetic",
    sedation="Sedation",
    general="General anesthesia",
    regional="Regional anesthesia",
)
SETTINGS: Final = _labels(
    office="Office or clinic",
    outpatient="Outpatient",
    day_case="Day case",
    ambulatory_surgery_center="Ambulatory surgery center",
    emergency_department="Emergency department",
    inpatient="Inpatient",
)
# In alphabetical order: kinds of source have no rank.
DESIGNS: Final = _labels(
    code_system="Code system",
    cohort="Cohort, case series or case report",
    coverage_policy="Coverage policy",
    guideline="Guideline",
    local_guidance="Local guidance",
    review="Narrative review",
    news="News or statement",
    patient_education="Patient education",
    rct="Randomized controlled trial",
    regulator="Regulator",
    systematic_review="Systematic review",
    textbook="Textbook",
)
# Published guidance, reviews and studies: these have an identifier and a year.
PUBLISHED_DESIGNS: Final = ("guideline", "systematic_review", "rct", "cohort", "review")
SOURCE_STANDINGS: Final = _labels(
    current="Current",
    corrected="Corrected",
    superseded="Superseded by a newer one",
    retracted="Retracted",
    withdrawn="Withdrawn",
)
# What rests on such a source has no ground any more: `check` refuses claims that cite it.
VOID_SOURCE_STANDINGS: Final = ("retracted", "withdrawn")
REVIEW_STATUSES: Final = _labels(
    not_reviewed="Not reviewed by a clinician",
    reviewed="Reviewed by a clinician",
    lapsed="Reviewed by a clinician, and changed since",
)
NAME_KINDS: Final = _labels(synonym="Synonym", abbreviation="Abbreviation", lay_name="Lay name")
SUPPORTS: Final = _labels(
    quote="A passage of the source shows the whole fact",
    beyond_quote="Some details are in the same passage but outside the stored quote",
    editorial="Editorial judgment, with a reason",
)
# Status of a block, and what it means.
BLOCK_STATUSES: Final = _labels(
    known="Known",
    unknown="Not known",
    not_found="Looked for, and not found",
    stated_on_forms="Not stated for all forms, but on some",
    not_applicable="Does not apply",
)
BLOCK_STATUS_MEANINGS: Final = _labels(
    known="There is at least one item.",
    unknown="No cited information was found; it may still apply.",
    not_found="It was looked for, where and when `not_found` of the record says, and nothing was found.",
    stated_on_forms="No statement covers the record as a whole; narrower records have some, which `forms` counts and links.",
    not_applicable="It cannot apply to this record.",
)
CERTAINTY_RATINGS: Final = _labels(
    high="High",
    moderate="Moderate",
    low="Low",
    very_low="Very low",
)
CONTRAINDICATION_TOPICS: Final = _labels(
    pregnancy="Pregnancy",
    breastfeeding="Breastfeeding",
    anticoagulants="Blood thinners",
    bleeding_disorder="Bleeding disorder",
    local_infection="Infection at the site",
    systemic_infection="Infection of the body",
    allergy="Allergy",
    pacemaker_or_defibrillator="Pacemaker or defibrillator",
    other_implant="Other implanted device or metal",
    cancer="Cancer",
    heart_or_lung_disease="Heart or lung disease",
    diabetes="Diabetes",
    immunosuppression="Weak immune system",
    glaucoma="Glaucoma",
    kidney_or_liver_disease="Kidney or liver disease",
    osteoporosis="Weak bones",
    unstable_spine="Unstable spine or fracture",
    neurologic_deficit="Nerve or cord compression",
    muscle_or_nerve_disease="Disease of muscles or nerves",
    raised_intracranial_pressure="Raised pressure in the head",
    anatomy="Anatomy, scar or earlier operation",
    other_medicine="Another medicine",
    mental_health="Mental health",
    substance_use="Use of drugs or alcohol",
    consent="No consent or cooperation",
    age="Age",
    failed_test="No relief in the test or trial",
    diagnosis="Another diagnosis",
    general_health="General health",
    other="Other",
)
CONTRAINDICATION_STRENGTHS: Final = _labels(
    absolute="Not done",
    relative="Usually not done",
    caution="With care",
    not_stated="Strength not stated",
)
CONTRAINDICATION_STRENGTH_RANK: Final = _ranks(CONTRAINDICATION_STRENGTHS)
BLEEDING_RISK_CLASSES: Final = _labels(low="Low", intermediate="Intermediate", high="High")
IMPLANT_POSITIONS: Final = _labels(
    must_not="Must not be used together",
    caution="With care",
    compatible="Can be used together",
    report="Reported cases",
)
PRACTICE_TOPICS: Final = _labels(
    visits="Visits",
    preparation="Preparation",
    antithrombotic_guidance="Blood thinners before and after",
    steroid_dose="Steroid dose",
    radiation_dose="X-ray dose",
)
CALL_TIERS: Final = _labels(
    emergency="Call the emergency number now",
    same_day="Get help today",
    urgent_referral="See a doctor within days",
    routine="Ask at the next contact",
)
CALL_TIER_RANK: Final = _ranks(CALL_TIERS)
# What to do at each tier, unless an emergency says something else.
CALL_ACTIONS: Final = _labels(
    emergency="Call your local emergency number (for example 911, 112 or 999), or go to the nearest emergency department"
    " now. Do not drive yourself.",
    same_day="Be seen today: call the clinic that treated you, your doctor or a health line. If none of them can see you"
    " today, go to an emergency department.",
    urgent_referral="See a doctor within days.",
    routine="Ask at your next appointment.",
)
CALL_ORIGINS: Final = _labels(
    source="A source says so of this record",
    editorial="Editorial: an emergency that belongs to this record's risks or to this part of the body",
    general="Editorial: an emergency that can happen to anyone",
)
MEASURES: Final = _labels(
    duration="How long relief lasts",
    time_to_recurrence="Time until the pain returns",
    nerve_block="How long the nerve is blocked, not relief",
)
RELIEF_COVERAGE: Final = _labels(
    procedure="The procedure as its record describes it",
    technique="One technique of it",
    subgroup="Some of the people it is done for, or a repeat that helped before",
    wider="Other procedures or structures too",
)
STATISTICS: Final = _labels(
    range="Range",
    typical="Typical",
    mean="Mean",
    median="Median",
    at_least="At least",
    up_to="At most",
    total="Total over several sessions",
    aim="Stated aim, not a result",
    not_stated="Not stated",
)
# Statistics that are no estimate of what most people experience; every form names them so.
NO_ESTIMATE: Final = frozenset({"up_to", "total", "aim"})
MAGNITUDES: Final = _labels(
    minute="Minutes", hour="Hours", day="Days", week="Weeks", month="Months", year="Years", unknown="Not stated"
)
DIRECTIONS: Final = _labels(
    favors="Favors the procedure", no_difference="No difference", against="Against the procedure", unclear="Unclear"
)
POSITIONS: Final = _labels(
    **{
        "for": "For",
        "against": "Against",
        "conditional": "Conditional",
        "insufficient": "Insufficient evidence",
        "no_position": "No position",
    }
)
RELIEF_POSITIONS: Final = _labels(shorter="Shorter relief", longer="Longer relief")
RISK_STATES: Final = _labels(
    known="Seen and reported",
    none_seen="Looked for, none seen",
    not_known="Not known",
    not_reported="Not reported",
    not_looked_for="Not looked for",
)
RISK_STATE_RANK: Final = _ranks(RISK_STATES)
RISK_DENOMINATORS: Final = _labels(
    people="People",
    procedures="Procedures",
    injections="Injections",
    devices="Devices",
    lesions="Lesions",
    levels="Levels of the spine",
    device_days="Days with the device",
    reports="Reported cases",
    not_stated="Not stated by the source",
)
RISK_ATTRIBUTIONS: Final = _labels(
    any_cause="Whatever the cause",
    procedure="Caused by the procedure",
    device="Caused by the device",
    not_stated="Not stated by the source",
)
SERIOUSNESS: Final = _labels(
    life_threatening="Can threaten life",
    serious="Serious: lasting harm, hospital or surgery",
    moderate="Needs treatment",
    minor="Passes by itself",
    mixed="Counts of all kinds, minor ones included",
)
# Rank of each, the most serious first.
SERIOUSNESS_RANK: Final = _ranks(SERIOUSNESS)
# Seriousness that a short form never leaves out.
SERIOUS: Final = frozenset({"life_threatening", "serious"})
RISK_BANDS: Final = _labels(
    very_common="Very common: 1,000 or more in 10,000",
    common="Common: 100 to under 1,000 in 10,000",
    uncommon="Uncommon: 10 to under 100 in 10,000",
    rare="Rare: 1 to under 10 in 10,000",
    very_rare="Very rare: under 1 in 10,000",
)
RISK_CATEGORIES: Final = _labels(
    infection="Infection",
    bleeding="Bleeding",
    nerve="Nerve",
    headache="Headache",
    drug_reaction="Reaction to a drug",
    cardiovascular="Heart and circulation",
    respiratory="Breathing",
    device="Device",
    pain="Pain",
    structural="Structural",
    other="Other",
)
PROCEDURE_RELATIONS: Final = _labels(
    confirms="Confirms the target of", alternative_to="Alternative to", escalates_to="Escalates to"
)
# Units of quantities. The list grows with the content: counted things are plural, rates state their base.
UNITS: Final = frozenset(
    (
        # Time and physical measures.
        *("seconds", "minutes", "hours", "days", "weeks", "months", "years"),
        *("degrees Celsius", "mm", "mm a day", "square centimeters", "mL", "pounds", "units"),
        # Shares and rates.
        *("percent", "percentage points", "percent per year", "probability", "ratio", "relative frequency"),
        *("per 100", "per 1,000", "per 10,000", "per 100,000", "per 1,000 per year", "per 1,000 days"),
        "per 100,000 person-years",
        # Scores.
        *("points", "points of 10", "points of 100", "standard deviations", "grade"),
        # People and treatments.
        *("people", "million people", "cases", "events", "episodes", "procedures", "operations", "treatments"),
        *("sessions", "cycles", "injections", "injections a year", "blocks", "tests", "devices", "implants"),
        # Body parts and findings.
        *("levels", "discs", "sites", "muscles", "branches", "vertebral bodies", "fractures", "million fractures"),
        *("signs", "findings", "groups"),
        # Publications and their authors.
        *("studies", "trials", "articles", "publications", "study populations", "societies", "questions", "topics"),
    )
)
