import base64
import json
import tracemalloc
from collections.abc import Iterable
from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.errors import Exceeded, Invalid
from mirror.formats.npm.attachments import AttachmentSplitter
from tests.formats.npm.samples import recorded

KEY = "@me/pubby-1.2.3.tgz"


def split(pieces: Iterable[bytes], limit: int | None = None) -> tuple[dict[str, bytes], bytes]:
    splitter = AttachmentSplitter(limit)
    parts: dict[str, bytes] = {}
    for piece in pieces:
        for name, data in splitter.feed(piece):
            parts[name] = parts.get(name, b"") + data
    return parts, splitter.close()


def attached(text: str, key: str = KEY) -> bytes:
    """A document whose attachment's data is `text`, as it stands in the JSON source."""
    return b'{"_attachments":{"%b":{"data":"%b"}}}' % (key.encode(), text.encode())


def test_npms_own_body_comes_apart() -> None:
    body = recorded("published/publish-scoped.json")
    parts, residue = split([body])
    document = json.loads(body)
    attachment = document["_attachments"][KEY]
    assert parts == {KEY: base64.b64decode(attachment["data"])}
    attachment["data"] = ""
    assert orjson.loads(residue) == document


@pytest.mark.parametrize("name", ["deprecate", "unpublish-version", "dist-tag", "login"])
def test_bodies_without_attachments_pass_unchanged(name: str) -> None:
    body = recorded(f"published/{name}.json")
    assert split(body[i : i + 1] for i in range(len(body))) == ({}, body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@st.composite
def bodies(draw: st.DrawFn) -> tuple[bytes, bytes, object]:
    """A publish body in any key order, what its tarball holds, and its residue's value."""
    data = draw(st.binary(max_size=200))
    decoys = {
        "data": draw(json_values),
        "_attachments ": {KEY: {"data": "no"}},
        "x": {"_attachments": {KEY: {"data": "no"}}},
        "list": [{"_attachments": {KEY: {"data": "no"}}}],
        "any": draw(json_values),
    }
    attachment = {"length": len(data), "data": "@@", "more": draw(json_values)}
    attachments = {
        KEY: dict(draw(st.permutations(list(attachment.items())))),
        "a.sigstore": {"data": '{"a":"\\"}"}'},
        "odd.tgz ": {"data": "text"},
    }
    fields = {**decoys, "_attachments": dict(draw(st.permutations(list(attachments.items()))))}
    document = dict(draw(st.permutations(list(fields.items()))))
    text = json.dumps(
        document, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))
    )
    encoded = base64.b64encode(data).decode()
    if draw(st.booleans()):
        encoded = encoded.replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")
    attachments[KEY]["data"] = ""
    return text.replace('"@@"', f'"{encoded}"').encode("utf-8", "surrogatepass"), data, document


@settings(max_examples=150, deadline=None)
@given(bodies(), st.data())
def test_any_cut_gives_the_same_parts(
    body: tuple[bytes, bytes, object], data: st.DataObject
) -> None:
    text, tarball, document = body
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=12))
    borders = [0, *sorted(cuts), len(text)]
    parts, residue = split(text[a:b] for a, b in pairwise(borders))
    assert parts.get(KEY, b"") == tarball
    assert set(parts) <= {KEY}
    assert json.loads(residue) == document
    assert (parts, residue) == split(text[i : i + 1] for i in range(len(text)))


@pytest.mark.parametrize("text", ["YWI=", "YW\\nI=", "Y W\\tI\\r=", "YW\nI=", "Y\\u0057I\\u003D"])
def test_blanks_and_escapes_in_base64(text: str) -> None:
    for size in (1, 2, 3, 7, 100):
        body = attached(text)
        parts, _ = split(body[i : i + size] for i in range(0, len(body), size))
        assert parts == {KEY: b"ab"}


@pytest.mark.parametrize(
    "text", ["YWI", "YWI=YWI=", "YWI=YWJj", "Y", "====", "YW-_", "YW\\u0100", "YW\\b=", 'YW\\"=', "\u00e4b=="]
)  # fmt: skip
def test_what_is_no_base64_is_refused(text: str) -> None:
    for size in (1, 4, 1000):
        body = attached(text)
        with pytest.raises(Invalid, match="base64"):
            split(body[i : i + size] for i in range(0, len(body), size))


def test_an_escaped_key_is_the_same_key() -> None:
    body = b'{"\\u005fattachments":{"a\\u002etgz":{"d\\u0061ta":"YWI="}}}'
    assert split([body]) == ({"a.tgz": b"ab"}, body.replace(b"YWI=", b""))


def test_a_text_in_a_list_is_no_data() -> None:
    body = b'{"_attachments":{"a.tgz":{"x":[{"data":"no"}],"data":7},"b.tgz":["no"]},"l":["no"]}'
    assert split([body]) == ({}, body)


def test_every_cut_of_the_end_is_noticed() -> None:
    """lessons #4"""
    body = recorded("published/publish-scoped.json")
    for end in (0, 1, 5, 400, len(body) - 300, len(body) - 3, len(body) - 1):
        with pytest.raises(Invalid, match="cut short"):
            split([body[:end]])


def test_a_second_tarball_or_a_second_data_is_refused() -> None:
    two = b'{"_attachments":{"a.tgz":{"data":"YWI="},"b.tgz":{"data":"YWI="}}}'
    again = b'{"_attachments":{"a.tgz":{"data":"YWI=","data":"YWI="}}}'
    for body in (two, again):
        with pytest.raises(Invalid, match="exactly one"):
            split([body])


def test_the_residue_is_bounded_and_the_tarball_is_not_in_it() -> None:
    body = attached(base64.b64encode(bytes(3000)).decode())
    assert split([body], limit=200)[0] == {KEY: bytes(3000)}
    with pytest.raises(Exceeded, match="200 bytes"):
        split([b'{"readme":"' + b"x" * 300], limit=200)


def test_floods_of_brackets_and_long_keys_end_early() -> None:
    with pytest.raises(Exceeded, match="brackets"):
        split([b"[" * 2_100_000])
    with pytest.raises(Invalid, match="key"):
        split([b'{"' + b"k" * 5000 + b'":1}'])
    with pytest.raises(Invalid, match="never opened"):
        split([b"}"])


def test_a_large_tarball_passes_in_bounded_memory() -> None:
    """lessons #7"""
    chunk = base64.b64encode(bytes(range(256)) * 192 * 3)
    splitter = AttachmentSplitter()
    head, closing = attached("!").split(b"!")
    size = sum(len(data) for _, data in splitter.feed(head))
    tracemalloc.start()
    for _ in range(400):
        for _, data in splitter.feed(chunk):
            size += len(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    list(splitter.feed(closing))
    assert size == 256 * 192 * 3 * 400
    assert len(splitter.close()) < 100
    assert peak < 2 * 2**20
