"""Placeholder for the base URL in stored documents; HTTP replaces it in each response.

Documents depend on the content alone, and the public URL is a setting. A seed file cannot contain control characters, so
the placeholder cannot be confused with content. JSON writes it as a six-byte escape. Errors are reported at a page of this
service unless a setting names another URL.
"""

from typing import Final

LINK_PLACEHOLDER: Final = "\x01"
REPORT_PLACEHOLDER: Final = f"{LINK_PLACEHOLDER}/notice#report"
LINK_PLACEHOLDER_JSON: Final = b"\\u0001"
REPORT_MEMBER_JSON: Final = b'"report":"' + LINK_PLACEHOLDER_JSON + b'/notice#report"'
