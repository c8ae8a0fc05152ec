"""A plain client: one request at a time, and the truth about what came."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from email.message import Message
from typing import Any, NamedTuple, Self

PATIENCE = 120.0  # seconds without a byte

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Answer(NamedTuple):
    """What came; `url` is where it came from after redirects."""

    status: int
    headers: Message
    body: bytes
    url: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def checked(self) -> Self:
        """Itself, unless it is a refusal."""
        if self.status >= 400:
            raise RuntimeError(f"{self.status} from {self.url}: {self.body[:300]!r}")
        return self


def get(url: str, headers: Mapping[str, str] | None = None, patience: float = PATIENCE) -> Answer:
    """A GET; `OSError` or `HTTPException` where no whole answer comes, whatever its status."""
    return _send(urllib.request.Request(url, headers=dict(headers or {})), patience)


def tell(
    url: str, document: Any, headers: Mapping[str, str] | None = None, method: str = "PUT"
) -> Answer:
    """A PUT of JSON, or another `method`; otherwise as `get`."""
    said = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
    body = json.dumps(document).encode()
    return _send(urllib.request.Request(url, body, said, method=method), PATIENCE)


def _send(request: urllib.request.Request, patience: float) -> Answer:
    try:
        with _opener.open(request, timeout=patience) as response:
            return Answer(response.status, response.headers, response.read(), response.url)
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.headers, refused.read(), refused.url)


def outcome(url: str, expected: bytes, patience: float = 10.0) -> str:
    """What a client gets for its request of a file, in a word or two."""
    try:
        answer = get(url, patience=patience)
    except TimeoutError:
        return "hangs"
    except (OSError, http.client.HTTPException) as error:
        hung = isinstance(getattr(error, "reason", None), TimeoutError)
        return "hangs" if hung else "cut short"
    if answer.status != 200:
        return f"refused ({answer.status})"
    return "right" if answer.body == expected else "wrong bytes"
