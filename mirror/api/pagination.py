"""Page tokens: opaque, unforgeable, and good for one question only (API contract §7). Pure.

A token holds the last row's sort key, not a count of rows, so that rows which come or go between
two pages neither repeat nor hide others.
"""

import base64
import functools
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from mirror.api.errors import FIELD, Rejected

if TYPE_CHECKING:
    from mirror.api.call import Call

Key = Sequence[Any]
"""The sort key of a row: texts and numbers."""

_MARK = 16
_PAGING = frozenset({"maxResults", "nextToken"})


class Pager:
    """Makes and reads the tokens of one installation, whose `secret` is asked for when needed."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = functools.cache(secret)

    def start(self, call: "Call", default: int = 100) -> tuple[Key | None, int]:
        """(sort key after which the page begins, rows that it may have).

        Raises `Rejected` for a token that is not ours, or of another operation, caller or filter.
        """
        limit = call.input.get("maxResults", default)
        token = call.input.get("nextToken")
        if token is None:
            return None, limit
        try:
            raw = base64.b64decode(token, validate=True)
        except ValueError as error:
            raise _foreign() from error
        mark, content = raw[:_MARK], raw[_MARK:]
        if not hmac.compare_digest(mark, self._mark(call, content)):
            raise _foreign()
        key: Key = orjson.loads(content)
        return key, limit

    def end(self, call: "Call", last: Key) -> str:
        """The token of the page after the row with this sort key."""
        content = orjson.dumps(list(last))
        # Not the alphabet for URLs: `aws --next-token -…` takes its "-" for an option's.
        return base64.b64encode(self._mark(call, content) + content).decode()

    def page(
        self, call: "Call", rows: Sequence[Any], limit: int, key: Any
    ) -> tuple[Sequence[Any], Mapping[str, str]]:
        """The rows to show of up to `limit + 1` that were read, and `nextToken` where more follow.

        `key` gives a row's sort key.
        """
        if len(rows) <= limit:
            return rows, {}
        shown = rows[:limit]
        return shown, {"nextToken": self.end(call, key(shown[-1]))}

    def _mark(self, call: "Call", content: bytes) -> bytes:
        question = {name: value for name, value in call.input.items() if name not in _PAGING}
        asked = orjson.dumps(
            [call.operation.name, call.principal.account, question], option=orjson.OPT_SORT_KEYS
        )
        return hmac.digest(self._secret(), hashlib.sha256(asked).digest() + content, "sha256")[
            :_MARK
        ]


def _foreign() -> Rejected:
    return Rejected(
        "nextToken is not one that this server gave for this request: repeat it without the token",
        FIELD,
    )
