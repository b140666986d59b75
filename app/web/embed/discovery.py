"""Where an editor that is given a page's address finds the page's oEmbed answer."""

from urllib.parse import quote

from app.settings import Settings


def discovery_of(settings: Settings, page: str, title: str) -> list[tuple[str, str, str]]:
    """Media type, address and title of the two discovery links in the head of a page. Empty without a public address."""
    if not settings.public_url:
        # An editor elsewhere could do nothing with a path, and nothing but the setting says what our address is.
        return []
    url = quote(f"{settings.public_url}{page}", safe="")
    return [
        (kind, f"{settings.public_url}/oembed?url={url}&format={form}", title)
        for form, kind in (("json", "application/json+oembed"), ("xml", "text/xml+oembed"))
    ]
