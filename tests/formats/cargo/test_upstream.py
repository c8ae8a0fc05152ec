import orjson
import pytest

from mirror.errors import Misbehaved
from mirror.formats.cargo.upstream import download_template, download_url
from mirror.formats.format import Fetch
from tests.formats.cargo.samples import CARGO, CONFIG, package

SHA = "ab" * 32


@pytest.mark.parametrize("base", ["https://index.example/", "https://index.example"])
def test_config_comes_first_and_for_a_day_then_the_index_file(base: str) -> None:
    talk = CARGO.conversation(base, package("Inflector"))
    first = Fetch("https://index.example/config.json", lifetime=86400.0, check=download_template)
    assert next(talk) == first
    second = talk.send(CONFIG)
    assert second.url == "https://index.example/in/fl/inflector"
    assert not second.followed
    with pytest.raises(StopIteration):
        talk.send(b"")


def test_crates_io() -> None:
    [known] = CARGO.connections
    assert known.url == "https://index.crates.io/"
    assert "static.crates.io" in known.hosts


@pytest.mark.parametrize(
    ("dl", "url"),
    [
        ("https://static.crates.io/crates", "https://static.crates.io/crates/AaLib/1.0.0+b1/download"),
        ("http://h/{crate}-{version}.crate", "http://h/AaLib-1.0.0+b1.crate"),
        ("http://h/{prefix}/{crate}/{version}", "http://h/Aa/Li/AaLib/1.0.0+b1"),
        ("http://h:8080/a?f={lowerprefix}/{crate}", "http://h:8080/a?f=aa/li/AaLib"),
        ("http://h/{sha256-checksum}", f"http://h/{SHA}"),
        ("http://h/d/", "http://h/d//AaLib/1.0.0+b1/download"),
    ],
)  # fmt: skip
def test_where_files_are(dl: str, url: str) -> None:
    """As cargo expands it; `+` stays raw."""
    template = download_template(orjson.dumps({"dl": dl}))
    assert download_url(template, "AaLib", "1.0.0+b1", SHA) == url


@pytest.mark.parametrize(
    "config",
    [b"", b"<!doctype html>", b"[]", b"{}", b"null", b'{"dl":null}', b'{"dl":7}',
     *(orjson.dumps({"dl": dl}) for dl in (
         "", "/dl", "dl/{crate}", "//host/dl", "ftp://host/dl", "file:///etc/{crate}", "http://",
         "http:///x", "https://me:secret@host/dl", "http://host/{unknown} {crate}", "http://h/a\nb",
         "http://h:99999/dl", "http://[::1/dl", "http://h/\u00e9", "http://h/#{crate}",
         "http://h/" + "a" * 3000, "javascript:{crate}", "{crate}"))],
)  # fmt: skip
def test_an_absurd_config_is_told_before_any_crate_is_asked_for(config: bytes) -> None:
    """Pitfall 17: the setting is the address of an index; a web site has none."""
    first = next(CARGO.conversation("https://crates.io/", package("demo")))
    assert first.check is not None
    with pytest.raises(Misbehaved, match=r"config\.json") as caught:
        first.check(config)
    assert "secret" not in str(caught.value)


def test_markers_in_values_mean_nothing() -> None:
    """Names have no braces; a template is filled in once."""
    template = download_template(b'{"dl":"http://h/{crate}"}')
    assert download_url(template, "version", "1.0.0", SHA) == "http://h/version"
