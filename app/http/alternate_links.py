"""Other forms of a record, each at its own address: what a detail's Link header and a page's head list."""

from typing import Final

from app.http.context import Reading

# Form of a record -> media type; `{}` is the folder and slug.
FORMS: Final = {"/{}": "text/html", "/v1/{}": "application/json", "/v1/{}.jsonld": "application/ld+json"}


def alternates_of(read: Reading, folder: str, slug: str, *, without: str) -> list[tuple[str, str]]:
    """Media type and address of each other form. `without` is the media type of the answer itself."""
    base = read.settings.link_base
    return [(kind, base + form.format(f"{folder}/{slug}")) for form, kind in FORMS.items() if kind != without]


def alternates_header(read: Reading, folder: str, slug: str) -> dict[str, str]:
    """The Link header of a record in JSON."""
    others = alternates_of(read, folder, slug, without="application/json")
    return {"Link": ", ".join(f'<{address}>; rel="alternate"; type="{kind}"' for kind, address in others)}
