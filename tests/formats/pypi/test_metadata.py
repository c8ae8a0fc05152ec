import time

import pytest

from mirror.errors import Exceeded
from mirror.formats.pypi import metadata as core
from tests.formats.pypi.samples import listing_of, metadata


def test_fields_and_the_description_below_them() -> None:
    content = metadata(more="Summary: ä\nRequires-Dist: a\n\nFirst\n\nSecond\n")
    found = core.parse(content.replace(b"\n", b"\r\n"))
    assert (found["summary"], found["requires_dist"]) == ("ä", ["a"])
    assert found["description"] == "First\n\nSecond\n"


@pytest.mark.parametrize(
    "more",
    [
        "Content-Type: message/rfc822\n\n" + "Content-Type: message/rfc822\n\n" * 100_000,
        "Content-Type: multipart/mixed; boundary=x\n\n" + "--x\n\n" * 800_000,
        "Summary: " + "=?utf-8?q?a?= " * 200_000,
        "Keywords: " + "a," * 1_000_000,
    ],
    ids=["nested", "parts", "words", "keywords"],
)
def test_mail_is_not_taken_apart(more: str) -> None:
    started = time.process_time()
    assert core.parse(metadata(more=more))["version"] == "1.0"
    assert time.process_time() - started < 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_too_many_fields(end: str) -> None:
    with pytest.raises(Exceeded, match="lines"):
        core.parse(metadata(more=f"Classifier: x{end}" * 100_000))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_too_many_different_fields(end: str) -> None:
    """packaging looks through all fields once for each name: minutes for 49,000 of them."""
    with pytest.raises(Exceeded, match="different fields"):
        core.parse(metadata(more="".join(f"X{number}: y{end}" for number in range(2000))))


def test_a_carriage_return_ends_a_line_of_the_head() -> None:
    """Else the mail parser would find a body that we did not see, and take it apart."""
    found = core.parse(metadata(more="Summary: x\r\rContent-Type: multipart/mixed\r"))
    assert (found["summary"], found["description"]) == ("x", "Content-Type: multipart/mixed\n")


def test_requirements_that_are_none_are_left_out() -> None:
    deep = "a; " + "(" * 2000 + "python_version>'3'"
    texts = [deep, "a" * 10_000, "not a requirement", 1, "Good.One[x]>=1"]
    assert [each.package for each in core.dependencies({"requires_dist": texts})] == ["good-one"]


def test_licenses() -> None:
    classifiers = ["License :: OSI Approved :: MIT License", "Topic :: X"]
    assert core.summary({"license_expression": "MIT", "classifiers": classifiers}).licenses == (
        "MIT",
    )
    assert core.summary({"classifiers": classifiers, "license": "x"}).licenses == ("MIT License",)
    assert core.summary({"license": "BSD"}).licenses == ("BSD",)
    assert core.summary({"license": "a text\nof lines"}).licenses == ()
    assert core.summary({"license": "UNKNOWN", "home_page": "UNKNOWN"}).home_page is None


def test_a_page_of_unfinished_tags_is_read_once() -> None:
    started = time.process_time()
    for noise in ("<a ", "<!--", "<", '<a x="', "<![CDATA[", "<script></scrip"):
        page = '<a href="a-1.0.tar.gz">a</a>' + noise * 100_000
        assert list(listing_of("a", page.encode()).versions) == ["1.0"]
    assert time.process_time() - started < 5
