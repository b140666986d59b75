"""Pages of a search."""

from collections.abc import Iterable, Sequence

from app.domain.json import Json


def searchset(
    base: str,
    *,
    total: int,
    found: Sequence[Json] = (),
    included: Iterable[Json] = (),
    links: Iterable[tuple[str, str]],
) -> Json:
    """One page of matches, what was asked to come with them, and where the other pages are."""
    entries = [_entry(base, one, "match") for one in found] + [_entry(base, one, "include") for one in included]
    shown: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": total,
        "link": [{"relation": relation, "url": url} for relation, url in links],
    }
    return shown | ({"entry": entries} if entries else {})


def _entry(base: str, resource: Json, mode: str) -> Json:
    return {
        "fullUrl": f"{base}/{resource['resourceType']}/{resource['id']}",
        "resource": resource,
        "search": {"mode": mode},
    }
