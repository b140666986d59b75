"""Keys of the serialized documents: their types and slugs."""

from enum import StrEnum
from typing import Final


class DocumentType(StrEnum):
    """Types of the documents that are not the document of a record. A record's document has the type of the record."""

    CURRENT_RELEASE = "current"
    RELEASE = "release"
    RELEASE_HEAD = "release_head"
    RELEASE_CHANGE = "release_change"
    # Treatment options of a condition, under the condition's slug.
    OPTIONS = "options"
    QUALITY = "quality"
    SEARCH = "search"
    CODES = "codes"
    # What treats a condition, for the code lookup, under the condition's slug.
    TREATMENTS = "treatments"
    # First page of a list, under the list's path.
    FIRST_PAGE = "first_page"


DocumentKey = tuple[str, str]
# Documents that exist once per release: type and slug.
CURRENT_RELEASE: Final[DocumentKey] = (DocumentType.CURRENT_RELEASE, "release")
QUALITY: Final[DocumentKey] = (DocumentType.QUALITY, "quality")
DISAGREEMENTS: Final[DocumentKey] = (DocumentType.QUALITY, "disagreements")
# Codes of other organizations, by system, with the records that they lead to.
CODE_MAP: Final[DocumentKey] = (DocumentType.CODES, "map")
EMERGENCY_NOTICES: Final[DocumentKey] = (DocumentType.SEARCH, "emergency-notices")
