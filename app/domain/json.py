"""Type of a parsed JSON object."""

from typing import Any

Json = dict[str, Any]
