import pytest

from mirror.errors import Exceeded, Invalid
from tests.formats.cargo.samples import CARGO, SUBMIT, frame, receive, recorded

BODY = frame(b'{"name":"a"}', b"the crate")


@pytest.mark.parametrize("piece", [1, 2, 3, 5, 7, 16, 1000])
def test_pieces_of_any_length_are_the_same_body(piece: int) -> None:
    assert receive(BODY, piece) == (b'{"name":"a"}', {"crate": b"the crate"})


def test_what_cargo_sends() -> None:
    rest, parts = receive(recorded("published/demo.frame"), 100)
    assert rest.startswith(b'{"name":"Demo_crate"')
    assert parts["crate"].startswith(b"\x1f\x8b")
    assert len(rest) + len(parts["crate"]) + 8 == len(recorded("published/demo.frame"))


@pytest.mark.parametrize("end", range(len(BODY)))
def test_a_body_that_is_cut_short_is_invalid(end: int) -> None:
    """Pitfall 13."""
    with pytest.raises(Invalid, match="cut short"):
        receive(BODY[:end])


@pytest.mark.parametrize("piece", [1, len(BODY), 1000])
def test_nothing_follows_the_crate(piece: int) -> None:
    with pytest.raises(Invalid, match="longer"):
        receive(BODY + b"x", piece)
    with pytest.raises(Invalid, match="longer"):
        receive(frame(b"{}", b"") + b"x", piece)


def test_huge_lengths_are_refused_before_anything_is_kept() -> None:
    with pytest.raises(Exceeded, match="1048576 bytes"):
        receive(b"\xff\xff\xff\xff")
    with pytest.raises(Exceeded):
        receive((1024**2 + 1).to_bytes(4, "little"))
    with pytest.raises(Invalid, match="cut short"):
        receive(b"\x02\x00\x00\x00{}\xff\xff\xff\xffabc")


def test_the_crate_is_handed_on_as_it_comes() -> None:
    receiver = CARGO.receiver(SUBMIT)
    assert list(receiver.feed(frame(b"{}", bytes(100))[:14])) == [("crate", bytes(4))]
    for _ in range(96):
        assert list(receiver.feed(b"\x00")) == [("crate", b"\x00")]
    assert receiver.close() == b"{}"


def test_a_body_without_a_crate_has_no_part() -> None:
    assert receive(frame(b"{}", b"")) == (b"{}", {})
