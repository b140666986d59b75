"""Pages that have a card, so that a frame and oEmbed can show them."""

from typing import Final

from app.domain.record_types import RECORD_TYPE_BY_PATH

# Path of each list page, and its title.
LIST_TITLES: Final = {
    "/procedures": "Procedures",
    "/conditions": "Conditions",
    "/pain-generators": "Pain generators",
    "/risks": "Harms",
    "/emergencies": "Emergencies",
    "/guide": "Patient guide",
}
FRAMED_TYPES: Final = frozenset({"procedure", "condition", "pain_generator", "guide_page", "emergency", "risk"})
MAX_COMPARED: Final = 6


def has_representation(path: str, procedures: list[str]) -> bool:
    """Whether oEmbed has a response for a page. `procedures` are those in the query of the comparison."""
    parts = path.strip("/").split("/")
    if path == "/compare":
        return 2 <= len(procedures) <= MAX_COMPARED
    if len(parts) == 3:
        return parts[0] == "procedures" and parts[2] == "leaflet"
    return path in {*LIST_TITLES, "/relief"} or (len(parts) == 2 and RECORD_TYPE_BY_PATH.get(parts[0]) in FRAMED_TYPES)
