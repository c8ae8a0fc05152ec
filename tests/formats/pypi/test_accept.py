import pytest

from mirror.formats.pypi.accept import view

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (None, "html"),
        ("*/*", "html"),
        ("text/html", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", "json"),  # pip
        (f"{JSON}, {HTML};q=0.2, text/html;q=0.01", "json"),  # uv
        (f"{JSON}, */*;q=0.1", "json"),  # poetry
        (HTML, "v1-html"),
        ("application/vnd.pypi.simple.latest+json", "json"),
        ("application/vnd.pypi.simple.latest+html", "v1-html"),
        ("application/json", "html"),
        ("image/png", "html"),
        (f"{JSON};q=0, text/html;q=0.1", "html"),
        (f"{JSON};q=0", "html"),
        (f"{JSON};q=0.1, text/html;q=0.9", "html"),
        (f"text/html, {JSON}", "json"),
        ("", "html"),
        (JSON.upper(), "json"),
        ("," * 100_000, "html"),
    ],
)
def test_negotiation(accept: str | None, wanted: str) -> None:
    assert view(accept) == wanted


def test_a_format_in_the_query_decides() -> None:
    assert view("text/html", "format=application/vnd.pypi.simple.v1%2Bjson") == "json"
    assert view("text/html", f"format={JSON}") == "json"
    assert view(JSON, "format=text/html") == "html"
    assert view(JSON, "format=nonsense") == "json"
