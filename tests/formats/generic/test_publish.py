import orjson
import pytest

from mirror.errors import Invalid
from mirror.formats.changes import Nothing, Outcome, Remove
from mirror.formats.generic.publish import WholeBody
from mirror.formats.intents import Submit
from mirror.model import Status
from tests.formats.generic.samples import GENERIC, PACKAGE, part_of, sent


def test_the_body_is_the_file() -> None:
    receiver = WholeBody()
    pieces = [*receiver.feed(b""), *receiver.feed(b"ab"), *receiver.feed(b"c")]
    assert pieces == [("asset", b""), ("asset", b"ab"), ("asset", b"c")]
    assert receiver.close() == b""


def test_what_a_file_becomes() -> None:
    found = sent(b"hello", query="unfinished=true")
    assert (found.package, found.version, found.unfinished) == (PACKAGE, "1.0.0", True)
    assert [(each.name, each.part) for each in found.assets] == [("a.bin", "asset")]
    digests = part_of(b"hello").digests
    assert found.manifest == {
        "assets": {
            "a.bin": {
                "size": 5,
                "hashes": {
                    "MD5": digests.md5,
                    "SHA-1": digests.sha1,
                    "SHA-256": digests.sha256,
                    "SHA-512": digests.sha512,
                },
            }
        }
    }


def test_a_file_without_a_byte() -> None:
    """generic.md §7.9."""
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    found = sent(b"", x_amz_content_sha256=empty)
    assert found.manifest["assets"]["a.bin"]["hashes"]["SHA-256"] == empty


def test_a_declared_hash_is_checked() -> None:
    right = part_of(b"hello").digests.sha256
    assert sent(b"hello", x_checksum_sha256=right.upper())
    with pytest.raises(Invalid) as caught:
        sent(b"hellO", x_checksum_sha256=right)
    assert str(caught.value).startswith(
        "The provided content hashes do not match the calculated content hashes. Hash algorithm "
        f"'SHA-256': provided {right}, calculated "
    )


def test_the_manifest_grows() -> None:
    first = GENERIC.extended(None, sent(b"a"), 1.0)
    both = GENERIC.extended(first, sent(b"b", "ns/tool/1.0.0/b.bin"), 2.0)
    assert both["assets"].keys() == {"a.bin", "b.bin"}
    assert first["assets"].keys() == {"a.bin"}


def test_which_versions_take_more() -> None:
    """generic.md §3."""
    found = sent(b"a")
    assert found.extends == {Status.UNFINISHED}
    assert found.repeats == set(Status) - {Status.DISPOSED}
    assert found.companions == 0


def test_nothing_else_is_submitted() -> None:
    with pytest.raises(Invalid):
        GENERIC.change(Submit("PublishPackageVersion", "asset"), b"", {"asset": part_of(b"")})


@pytest.mark.parametrize(("created", "status"), [(True, 201), (False, 200)])
def test_the_answer_is_that_of_the_api(created: bool, status: int) -> None:
    outcome = Outcome(created, 1, Status.UNFINISHED, "r0")
    reply = GENERIC.acknowledge(sent(b"hello"), outcome)
    assert (reply.status, reply.headers["Content-Type"]) == (status, "application/json")
    body = orjson.loads(reply.body)
    assert body.pop("asset")["name"] == "a.bin"
    assert body == {
        "format": "generic",
        "namespace": "ns",
        "package": "tool",
        "version": "1.0.0",
        "versionRevision": "r0",
        "status": "Unfinished",
    }


def test_an_absent_namespace_is_left_out() -> None:
    """API contract §1: never null."""
    reply = GENERIC.acknowledge(sent(b"", "-/tool/1.0.0/a.bin"), Outcome())
    assert "namespace" not in orjson.loads(reply.body)


@pytest.mark.parametrize("change", [Remove(PACKAGE, ("1.0.0",)), Nothing()])
def test_what_is_gone_needs_no_words(change) -> None:
    reply = GENERIC.acknowledge(change, Outcome())
    assert (reply.status, reply.body) == (204, b"")
