"""Beside botocore, which signs what `aws` and boto3 send: whatever it signs is genuine."""

import hashlib
import string
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.signatures import PARAMETERS, SignedRequest, sign
from tests.auth.signatures.samples import KEY_ID, NOW, REGION, SECRET, genuine, header

BASE = "http://127.0.0.1:8080"

texts = st.text(max_size=20)
queries = st.lists(st.tuples(texts, texts), max_size=6)
paths = st.lists(st.text(string.ascii_letters + "-_.~%*@ é", max_size=8), max_size=4).map(
    lambda segments: "/" + quote("/".join(segments))
)
headers = st.dictionaries(
    st.text(string.ascii_letters + "-_", min_size=1, max_size=10).map(lambda name: f"X-{name}"),
    st.text(string.ascii_letters + string.digits + " \t,;=/", max_size=20),
    max_size=4,
).filter(lambda fields: len({name.lower() for name in fields}) == len(fields))
methods = st.sampled_from(["GET", "POST", "PUT", "DELETE"])


@pytest.fixture(autouse=True, scope="module")
def the_time_of_the_vectors():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auth, "get_current_datetime", lambda: datetime.fromtimestamp(NOW, UTC))
        yield


def received(request: AWSRequest) -> SignedRequest:
    """As botocore puts it on the wire."""
    prepared = request.prepare()
    url = urlsplit(prepared.url)
    target = url.path + (f"?{url.query}" if url.query else "")
    found = [(name, _text(value)) for name, value in prepared.headers.items()]
    if not any(name.lower() == "host" for name, _ in found):
        found.append(("Host", url.netloc))
    return SignedRequest(prepared.method, target, found)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def encoded(query: list[tuple[str, str]]) -> str:
    """Repeated names and all; botocore's own parameters are a mapping."""
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in query
    )


def url_of(path: str, query: list[tuple[str, str]]) -> str:
    return f"{BASE}{path}?{encoded(query)}" if query else BASE + path


@given(methods, paths, queries, headers, st.binary(max_size=50))
def test_the_header_form(method, path, query, extra, body) -> None:
    request = AWSRequest(method, url_of(path, query), headers=extra, data=body)
    auth.SigV4Auth(Credentials(KEY_ID, SECRET), "codeartifact", REGION).add_auth(request)
    assert genuine(received(request), body)
    assert not genuine(received(request), body + b"!")


@given(
    methods,
    st.dictionaries(texts.filter(lambda name: name not in PARAMETERS), texts, max_size=6),
    st.integers(1, 604_800),
)
def test_the_query_form(method, query, expires) -> None:
    request = AWSRequest(method, f"{BASE}/v1/packages", params=query)
    signer = auth.SigV4QueryAuth(Credentials(KEY_ID, SECRET), "codeartifact", REGION, expires)
    signer.add_auth(request)
    assert genuine(received(request), now=NOW + expires)
    assert not genuine(received(request), b"!")


@given(st.binary(max_size=50))
def test_a_publish(body) -> None:
    """The asset's declared hash is signed, whatever the body is."""
    digest = hashlib.sha256(body).hexdigest()
    request = AWSRequest("POST", f"{BASE}/v1/package/version/publish?asset=a%20b", data=b"other")
    request.headers["x-amz-content-sha256"] = digest
    auth.SigV4Auth(Credentials(KEY_ID, SECRET), "codeartifact", REGION).add_auth(request)
    assert genuine(received(request), body)


@given(methods, paths, queries, headers, st.binary(max_size=50))
def test_our_own_signatures_are_botocores(method, path, query, extra, body) -> None:
    request = AWSRequest(method, url_of(path, query), headers=extra, data=body)
    auth.SigV4Auth(Credentials(KEY_ID, SECRET), "codeartifact", REGION).add_auth(request)
    wire = received(request)
    unsigned = replace(wire, headers=[each for each in wire.headers if each[0] in {*extra, "Host"}])
    digest = hashlib.sha256(body).hexdigest()
    assert sign(unsigned, KEY_ID, SECRET, REGION, digest, NOW) == {
        name: header(wire, name) for name in ("X-Amz-Date", "Authorization")
    }
