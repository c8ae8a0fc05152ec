"""What policies may ask about a request: IAM's condition keys, looked up when one asks.

The keys of auth-and-policy §5.4, in lower case; one that does not apply is absent. Those that tell
who asks are the caller's own.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

Values = tuple[str, ...]

CLOCK = frozenset({"aws:currenttime", "aws:epochtime"})
"""Keys whose values change by themselves: nothing decided by them may be remembered."""

_RESOURCE_TAG = "aws:resourcetag/"
_OF_THE_CALLER = frozenset(
    {"aws:principalarn", "aws:principalaccount", "aws:username", "aws:userid"}
)


def lasting(consulted: frozenset[str]) -> bool:
    """Whether a decision by these keys holds for the same principal, action and resource."""
    return all(
        key in _OF_THE_CALLER or key == "aws:requestedregion" or key.startswith(_RESOURCE_TAG)
        for key in consulted
    )


class Conditions(Mapping[str, Values]):
    """The condition values of one request.

    `facts` are its own (source address, transport, tags that it gives); `tags` those of the
    resource; `issued_at` is when its token was made, in epoch seconds.
    """

    def __init__(
        self,
        facts: Mapping[str, Values],
        tags: Mapping[str, str],
        region: str,
        issued_at: float | None,
    ) -> None:
        self._facts = facts
        self._tags = tags
        self._region = region
        self._issued_at = issued_at

    def __getitem__(self, key: str) -> Values:
        if key in self._facts:
            return self._facts[key]
        if key.startswith(_RESOURCE_TAG):
            return self._tag(key.removeprefix(_RESOURCE_TAG))
        match key:
            case "aws:currenttime":
                return (datetime.now(UTC).isoformat(),)
            case "aws:epochtime":
                return (str(int(time.time())),)
            case "aws:requestedregion":
                return (self._region,)
            case "aws:tokenissuetime" if self._issued_at is not None:
                return (datetime.fromtimestamp(self._issued_at, UTC).isoformat(),)
        raise KeyError(key)

    def _tag(self, name: str) -> Values:
        for key, value in self._tags.items():
            if key.lower() == name:
                return (value,)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        raise TypeError("condition keys are asked for by name")

    def __len__(self) -> int:
        raise TypeError("condition keys are asked for by name")
