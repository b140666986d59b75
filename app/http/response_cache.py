"""Response cache: rendered responses by request line, bounded in bytes. What is requested once never evicts what is requested often."""

from collections import OrderedDict
from typing import Final

from app.http.rendered_response import RenderedResponse

# Lookups between two moves of an entry to the young end: moving it at each hit would cost more than the lookup.
_TOUCH_INTERVAL: Final = 64


class _Segment:
    """Least recently used responses leave first."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.responses: OrderedDict[bytes, RenderedResponse] = OrderedDict()
        self.bytes = 0

    def put(self, key: bytes, response: RenderedResponse, max_bytes: int) -> list[tuple[bytes, RenderedResponse]]:
        """Add a response, and return those that made room for it, itself if it is too large."""
        self.pop(key)
        self.responses[key] = response
        self.bytes += response.size
        evicted = []
        while self.bytes > self.share * max_bytes:
            evicted.append(self.responses.popitem(last=False))
            self.bytes -= evicted[-1][1].size
        return evicted

    def pop(self, key: bytes) -> None:
        if replaced := self.responses.pop(key, None):
            self.bytes -= replaced.size

    def clear(self) -> None:
        self.responses.clear()
        self.bytes = 0


class ResponseCache:
    """Segmented cache: a response enters among those requested once, and moves to those requested again at its first hit.

    One-off URLs compete with each other alone, and so do errors.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._again, self._once, self._errors = _Segment(11 / 16), _Segment(4 / 16), _Segment(1 / 16)
        self._lookups = 0

    @property
    def size(self) -> tuple[int, int]:
        """Number of responses, and the bytes that are counted for them."""
        segments = (self._again, self._once, self._errors)
        return sum(len(segment.responses) for segment in segments), sum(segment.bytes for segment in segments)

    def __contains__(self, key: bytes) -> bool:
        return any(key in segment.responses for segment in (self._again, self._once, self._errors))

    def find(self, key: bytes) -> RenderedResponse | None:
        """The response to a request line, if it is cached."""
        response = self._again.responses.get(key)
        if response is not None:
            self._lookups += 1
            if self._lookups - response.touched > _TOUCH_INTERVAL:
                response.touched = self._lookups
                self._again.responses.move_to_end(key)
            return response
        response = self._once.responses.get(key)
        if response is None:
            return self._errors.responses.get(key)
        self._once.pop(key)
        response.touched = self._lookups
        # What leaves the larger segment competes once more, as one requested once.
        for demoted_key, demoted in self._again.put(key, response, self.max_bytes):
            self._once.put(demoted_key, demoted, self.max_bytes)
        return response

    def put(self, key: bytes, response: RenderedResponse) -> None:
        """Keep a response, unless it is larger than the segment for it."""
        # Up to three encodings may be kept: they are counted from the start, so that the bound holds.
        headers = sum(len(name) + len(value) for name, value in response.headers)
        response.size = len(key) + headers + 2 * len(response.body) + 2_000
        segment = self._once if response.status == 200 else self._errors
        if response.size <= segment.share * self.max_bytes:
            self._again.pop(key)
            segment.put(key, response, self.max_bytes)

    def clear(self) -> None:
        """Drop every response."""
        for segment in (self._again, self._once, self._errors):
            segment.clear()
