"""The mark that the loader leaves in documents where only HTTP knows what to write.

A document is a function of the content alone; the public address is a setting. Control characters never load from a seed,
so a mark cannot be confused with content. In JSON it is its six-byte escape. Where mistakes are reported has an address of
ours, unless a setting names another one.
"""

from typing import Final

LINK: Final = "\x01"
REPORT: Final = f"{LINK}/notice#report"
LINK_BYTES: Final = b"\\u0001"
REPORT_BYTES: Final = b'"report":"' + LINK_BYTES + b'/notice#report"'
