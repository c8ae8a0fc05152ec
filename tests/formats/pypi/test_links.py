"""Pages in HTML as they come, and as nobody should write them: read in one pass, whatever it is."""

import pytest

from mirror.formats.pypi.links import Links

LINK = '<a href="https://files/x-1.0.tar.gz#sha256=aa">x</a>'


def names(page: str) -> list[str]:
    return [each["filename"] for each in Links(page).files]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("<a href=a-1.zip>", {"url": "a-1.zip"}),
        ("<A HREF='a-1.zip'>", {"url": "a-1.zip"}),
        ('<a href=" a-1.zip ">', {"url": "a-1.zip"}),
        ('<a href="a-1.zip" href="b-1.zip">', {"url": "a-1.zip"}),
        ('<a href="../a-1.zip?x=%2F">', {"url": "../a-1.zip?x=%2F"}),
        ('<a href="a%2D1.zip">', {"url": "a%2D1.zip"}),
        ('<a href="a-1.zip" data-yanked>', {"yanked": True}),
        ('<a href="a-1.zip" data-yanked="">', {"yanked": True}),
        ('<a href="a-1.zip" data-yanked="x &lt; &quot;y&quot;">', {"yanked": 'x < "y"'}),
        ('<a href="a-1.zip" data-requires-python="&gt;=3.8">', {"requires-python": ">=3.8"}),
        ('<a href="a-1.zip#egg=a&amp;sha256=AB">', {"hashes": {"sha256": "AB"}}),
        ('<a href="a-1.zip" data-core-metadata="sha256=ab">', {"core-metadata": {"sha256": "ab"}}),
        ('<a href="a-1.zip" data-dist-info-metadata="true">', {"core-metadata": True}),
        ('<a href="a-1.zip" data-gpg-sig="false">', {"gpg-sig": False}),
    ],
)
def test_a_link(tag: str, expected: dict[str, object]) -> None:
    [entry] = Links(tag).files
    assert entry["filename"] == "a-1.zip"
    assert expected.items() <= entry.items()


@pytest.mark.parametrize(
    "page",
    [
        "",
        "text",
        "\0" * 999,
        f"<!-- {LINK} -->",
        f"<!-- {LINK}",
        f"<script>{LINK}</script>",
        f"<title>{LINK}</title>",
        '<a href="https://files/">',
        '<a name="x">',
        '<a href="https://files/x-1.0.tar.gz',
    ],
)
def test_no_link(page: str) -> None:
    assert names(page) == []


@pytest.mark.parametrize(
    "clutter",
    [
        "<div>" * 300_000,
        "<a>" * 300_000,
        "<" * 1_000_000,
        "<a " * 300_000 + ">",
        "<a " + " ".join(f"x{number}=1" for number in range(50_000)) + ">",
        "&" * 1_000_000,
        "<!--x-->" * 100_000,
        "</a>" * 300_000,
        f"<{'x' * 1_000_000}>",
        f"<title>{'x' * 1_000_000}</title>",
        "<table>" * 50_000,
        "<select>",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<meta charset=utf-16>",
        "\0",
        "\ufffd",
    ],
    ids=lambda clutter: clutter[:12],
)
def test_clutter_hides_no_link(clutter: str) -> None:
    assert names(clutter + LINK) == ["x-1.0.tar.gz"]


def test_what_a_page_says_of_itself() -> None:
    page = Links(
        "<title>Links for x</title><base href=/b/><base href=/c/><META NAME='pypi:repository-version'"
        " content=1.1><meta name=other content=1><meta name='pypi:project-status' content=archived>"
    )
    assert (page.base, page.an_index, page.interactive) == ("/b/", True, False)
    assert page.metas == {"version": "1.1", "status": "archived"}
    assert Links("<form><input name=password></form>").interactive
