"""What machines read in the head of a page: JSON-LD, other forms of the record, and where editors find its oEmbed."""

import orjson
from markupsafe import Markup

from app.domain.json import Json
from app.formats.jsonld import OF_RECORD, page_linked_data
from app.http.alternate_links import alternates_of
from app.http.context import Reading
from app.web.embed.discovery import discovery_of

_FOLDERS = {"procedure": "procedures", "condition": "conditions", "pain_generator": "pain-generators"}
_EMBEDDED = ("/procedures", "/conditions")


def head_of(read: Reading, title: str, path: str, current: Json, d: object) -> Json:
    """Values of head.html. `d` is the detail that the page shows, if it shows one."""
    kind = d.get("type", "") if isinstance(d, dict) else ""
    folder = _FOLDERS.get(kind, "")
    if isinstance(d, dict) and folder and path == f"/{folder}/{d['slug']}":
        found = alternates_of(read, folder, d["slug"], without="text/html")
        shown = discovery_of(read.settings, path, title) if f"/{folder}" in _EMBEDDED else []
        node = OF_RECORD[kind](d)
    else:
        found, shown = [], discovery_of(read.settings, path, title) if path == "/relief" else []
        address = f"{read.settings.link_base}{path}"
        node = page_linked_data(title, address, licence=current["licence"], version=current["version"])
    return {"forms": found, "discovery": shown, "linked_data": as_block(read.linked(orjson.dumps(node)))}


def as_block(body: bytes) -> Markup:
    """JSON that no parser of HTML can take for markup, for a data block."""
    text = body.decode()
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704 - nothing that could end the block is left
