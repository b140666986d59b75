"""JSON object as Python reads it."""

from typing import Any

Json = dict[str, Any]
