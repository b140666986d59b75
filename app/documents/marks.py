"""Marks that the loader leaves in documents where only HTTP knows what to write.

A document is a function of the content alone; the public address and the report address are settings. Control
characters never load from a seed, so a mark cannot be confused with content. In JSON a mark is its six-byte escape.
"""

from typing import Final

LINK: Final = "\x01"
REPORT: Final = "\x02"
LINK_BYTES: Final = b"\\u0001"
REPORT_BYTES: Final = b"\\u0002"
