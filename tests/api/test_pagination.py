"""Page tokens as their bearers must type them."""

from mirror.api.call import Call
from mirror.api.pagination import Pager
from mirror.api.table import BY_NAME
from tests.api.conftest import ROOT


def test_no_token_looks_like_an_option() -> None:
    """`aws … --next-token -abc` is an error of its own."""
    call = Call(BY_NAME["ListDomains"], {}, ROOT, str)
    pager = Pager(lambda: b"secret")
    tokens = [pager.end(call, (f"domain-{number}",)) for number in range(500)]
    assert not [token for token in tokens if token.startswith("-")]
