"""How often operations may be called (API contract §18)."""

import pytest

from mirror.api.errors import Rejected
from mirror.api.quotas import PER_SECOND, READS, WRITES, Rates
from mirror.errors import Exceeded, Throttled
from tests.api.conftest import ACCOUNT, ROOT, Caller, installation

OTHER = "111122223333"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rates(clock: Clock) -> Rates:
    return Rates(limited=True, clock=clock)


def taken(rates: Rates, operation: str, account: str = ACCOUNT) -> int:
    """How many calls go through before one does not."""
    for count in range(10_000):
        try:
            rates.take(operation, account)
        except Throttled:
            return count
    return 10_000


@pytest.mark.parametrize(
    ("operation", "rate"),
    [*PER_SECOND.items(), ("DescribeDomain", READS), ("ListDomains", READS), ("TagResource", WRITES)],
)  # fmt: skip
def test_a_seconds_worth_of_calls_may_come_at_once(rates, clock, operation, rate) -> None:
    assert taken(rates, operation) == rate
    clock.now += 1
    assert taken(rates, operation) == rate
    clock.now += 3600
    assert taken(rates, operation) == rate


def test_calls_come_back_one_by_one(rates, clock) -> None:
    taken(rates, "CopyPackageVersions")
    clock.now += 0.19
    assert taken(rates, "CopyPackageVersions") == 0
    clock.now += 0.02
    assert taken(rates, "CopyPackageVersions") == 1


def test_each_account_has_its_own(rates) -> None:
    taken(rates, "CopyPackageVersions")
    assert taken(rates, "CopyPackageVersions", OTHER) == PER_SECOND["CopyPackageVersions"]


def test_every_call_counts_among_all(rates) -> None:
    copies = taken(rates, "CopyPackageVersions")
    assert taken(rates, "TagResource") == WRITES - copies
    assert taken(rates, "DescribeDomain") == READS


def test_what_is_refused_does_not_count(rates, clock) -> None:
    taken(rates, "CopyPackageVersions")
    for _ in range(100):
        with pytest.raises(Throttled):
            rates.take("CopyPackageVersions", ACCOUNT)
    assert taken(rates, "TagResource") == WRITES - PER_SECOND["CopyPackageVersions"]


def test_a_refusal_says_when_to_come_back(rates) -> None:
    taken(rates, "CopyPackageVersions")
    with pytest.raises(Throttled, match="calls CopyPackageVersions more often than") as caught:
        rates.take("CopyPackageVersions", ACCOUNT)
    assert caught.value.retry_after == 1


def test_without_limits_nothing_is_counted() -> None:
    assert taken(Rates(limited=False), "CopyPackageVersions") == 10_000


@pytest.mark.parametrize(("setting", "limited"), [("off", False), ("codeartifact", True)])
async def test_calls_are_counted_where_the_setting_says_so(tmp_path, setting, limited) -> None:
    async with installation(tmp_path, MIRROR_LIMITS_API_RATES=setting) as parts:
        api = Caller(parts, ROOT)
        same = {"sourceRepository": "main", "destinationRepository": "main", "domain": "default"}

        async def copy() -> None:
            with pytest.raises(Rejected, match="are the same"):
                await api.call(
                    "CopyPackageVersions", **same, format="npm", package="ui", versions=["1"]
                )

        # Five may come at once; how soon the next may depends on how long these have taken.
        for _ in range(5):
            await copy()
        counted = parts.api._services.rates._buckets
        assert ((ACCOUNT, "CopyPackageVersions") in counted) is limited


async def test_how_many_there_may_be_is_a_setting(tmp_path) -> None:
    limits = {"MIRROR_LIMITS_DOMAINS": "2", "MIRROR_LIMITS_REPOSITORIES": "1"}
    async with installation(tmp_path / "data", **limits) as parts:
        root = Caller(parts, ROOT)
        await root.call("CreateDomain", domain="second")
        with pytest.raises(Exceeded):
            await root.call("CreateDomain", domain="third")
        await root.call("CreateRepository", domain="second", repository="one")
        with pytest.raises(Exceeded):
            await root.call("CreateRepository", domain="second", repository="two")
