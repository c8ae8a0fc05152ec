"""Both doors against people who should not get in, over raw HTTP (auth-and-policy §2, §3)."""

import asyncio
import base64
import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from mirror.store.access_keys import AccessKeys
from mirror.store.tokens import Tokens
from tests.clients.aws import ACCOUNT, REGION, Boto, Key
from tests.clients.people import NOTICED, access_key, index_of
from tests.clients.signing import Signer
from tests.clients.stocking import Shelf
from tests.running import Running

pytestmark = pytest.mark.client

D = {"domain": "my_domain"}
R = {**D, "repository": "my_repo"}
PATIENCE = 30.0  # seconds; what backtracks would take years


@pytest.fixture
async def signer(service: Running, shelf: Shelf) -> Signer:
    return Signer(service.url, await access_key(service))


async def test_tokens_that_open_nothing(service: Running, boto: Boto, signer: Signer) -> None:
    """Forged, cut, of another domain, and shown again after their time."""
    token = (await boto.get_authorization_token(**D))["authorizationToken"]
    assert await Shelf(service, token, "my_repo").npm("left-pad", "1.0.0") == 201
    async with index_of(service) as database:
        late = await Tokens(database, ACCOUNT).create(
            "admin",
            "",
            kind="authorization",
            expires_at=time.time() - 1,
            domain=(ACCOUNT, "my_domain"),
        )
    forged = (
        "x",
        "mirror_",
        "mirror_" + "A" * 43,
        token[:-1],
        token + "A",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token.upper(),
        token.removeprefix("mirror_"),
        "A" * 5000,
        late,
    )
    for each in forged:
        shelf = Shelf(service, each, "my_repo")
        assert (await shelf.get("npm", "left-pad"))[0] == 401, each[:60]
        assert await shelf.npm("evil", "1.0.0") == 401, each[:60]
        assert await Shelf(service, each, "my_repo").python("evil", "1.0") == 401
    # And there is nothing in another domain for it, whatever its bearer may do there.
    abroad = Shelf(service, token, "main", "default")
    assert (await abroad.get("npm", "left"))[0] == 404
    assert await abroad.npm("evil", "1.0.0") == 404
    assert service.held("main", "evil") == {}
    for said in service.requests:
        assert token not in json.dumps(said)
        assert late not in json.dumps(said)


async def test_each_door_knows_its_own_credentials(
    service: Running, boto: Boto, signer: Signer
) -> None:
    """A signature is none of a package manager's; a token signs nothing."""
    token = (await boto.get_authorization_token(**D))["authorizationToken"]
    for path in ("/d/my_domain/npm/my_repo/left-pad", "/d/my_domain/generic/my_repo/ns/a/1/b"):
        for method in ("GET", "PUT"):
            answer = await signer.call(method, path, b"{}")
            assert answer.status == 401, (method, path)
    codes = {"MissingAuthenticationTokenException": 403, "IncompleteSignatureException": 400}
    basic = "Basic " + base64.b64encode(f"aws:{token}".encode()).decode()
    for given in (f"Bearer {token}", token, basic, "", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 a=b"):
        headers = {"Authorization": given} if given else {}
        answer = await signer.send("POST", "/v1/domains", b"", headers)
        assert codes.get(answer.code) == answer.status, (given[:20], answer)
    answer = await signer.send("POST", f"/v1/domains?token={token}")
    assert answer.code == "MissingAuthenticationTokenException"


async def test_signatures_over_something_else(service: Running, signer: Signer) -> None:
    """Another body, method, address, query, host, service, day or key than was signed."""
    target = "/v1/domain?domain=my_domain"
    assert (await signer.call("GET", target)).status == 200
    invalid = (403, "InvalidSignatureException")
    body = json.dumps({"domain": "my_domain", "policyDocument": "{}"}).encode()
    policy = "/v1/domain/permissions/policy"
    headers = signer.signed("PUT", policy, body)
    other = body.replace(b"{}", b"[]")
    assert (await signer.send("PUT", policy, other, headers))[:2] == invalid
    signed = signer.signed("GET", target)
    assert (await signer.send("DELETE", target, b"", signed))[:2] == invalid
    assert (await signer.send("GET", "/v1/domain?domain=default", b"", signed))[:2] == invalid
    assert (await signer.send("GET", f"{target}&domain-owner={ACCOUNT}", b"", signed))[
        :2
    ] == invalid
    elsewhere = {**signed, "Host": "other.example"}
    assert (await signer.send("GET", target, b"", elsewhere))[:2] == invalid
    forged = signed["Authorization"][:-1] + ("0" if signed["Authorization"][-1] != "0" else "1")
    assert (await signer.send("GET", target, b"", {**signed, "Authorization": forged}))[
        :2
    ] == invalid
    assert (await signer.call("GET", target, key=Key(signer.key.id, "no")))[:2] == invalid
    unknown = await signer.call("GET", target, key=Key("AKIAAAAAAAAAAAAAAAAA", "no"))
    assert unknown[:2] == (403, "UnrecognizedClientException")
    assert (await signer.call("GET", target, service="s3")).status in (400, 403)
    assert (await signer.call("GET", target, region="eu-north-1")).status == 200
    # A session's token, which nobody was given.
    session = await signer.call("GET", target, headers={"X-Amz-Security-Token": "x"})
    assert session[:2] == (403, "UnrecognizedClientException")
    late = datetime.now(UTC) - timedelta(minutes=16)
    stale = {**signed, "X-Amz-Date": late.strftime("%Y%m%dT%H%M%SZ")}
    assert (await signer.send("GET", target, b"", stale)).status == 403

    async with index_of(service) as database:
        keys = AccessKeys(database, ACCOUNT, service.data_dir / "installation.key")
        await keys.set_active(signer.key.id, active=False)
    await asyncio.sleep(NOTICED)
    assert (await signer.call("GET", target))[:2] == (403, "UnrecognizedClientException")


async def test_presigned_requests(service: Running, boto: Boto, signer: Signer) -> None:
    """§2.3: good as they are, for as long as they say, and for nothing else."""

    def presigned(seconds: int) -> str:
        address: str = boto.client.generate_presigned_url(
            "describe_repository", R, ExpiresIn=seconds
        )
        return address.removeprefix(service.url)

    target = presigned(600)
    assert (await signer.send("GET", target)).status == 200
    for other in (
        target.replace("repository=my_repo", "repository=other"),
        target.replace("X-Amz-Expires=600", "X-Amz-Expires=6000"),
        f"{target}&domain-owner={ACCOUNT}",
    ):
        assert (await signer.send("GET", other))[:2] == (403, "InvalidSignatureException"), other
    assert (await signer.send("DELETE", target)).status == 403
    late = presigned(1)
    await asyncio.sleep(2.1)
    assert (await signer.send("GET", late)).status == 403


async def test_published_content_that_was_not_signed(
    service: Running, boto: Boto, signer: Signer
) -> None:
    """§2.2: the signature covers a hash in a header, and the hash the content."""
    query = "&".join(
        f"{name}={value}"
        for name, value in {
            **R,
            "format": "generic",
            "namespace": "ns",
            "package": "tool",
            "version": "1",
        }.items()
    )
    target = f"/v1/package/version/publish?{query}&asset=a"
    right, wrong = b"right", b"wrong"
    sha256 = hashlib.sha256(right).hexdigest()
    declared = {"x-amz-content-sha256": sha256}
    headers = signer.signed("POST", target, right, headers=declared)
    answer = await signer.send("POST", target, wrong, headers)
    assert answer[:2] == (400, "ValidationException")
    other = {**headers, "x-amz-content-sha256": hashlib.sha256(wrong).hexdigest()}
    answer = await signer.send("POST", target, wrong, other)
    assert answer[:2] == (403, "InvalidSignatureException")
    for value in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", sha256.upper()):
        given = signer.signed("POST", target, right, headers={"x-amz-content-sha256": value})
        assert (await signer.send("POST", target, right, given)).status in (400, 403), value
    bare = {name: text for name, text in headers.items() if name != "x-amz-content-sha256"}
    assert (await signer.send("POST", target, right, bare)).status in (400, 403)
    assert service.held("my_repo", "tool", "ns") == {}
    assert (await signer.send("POST", target, right, headers)).status == 200
    assert not list((service.data_dir / "tmp").glob("*"))


async def test_requests_that_are_none(service: Running, signer: Signer) -> None:
    """Signed, so that they reach the operation: each is refused in words, none breaks anything."""
    arn = quote(f"arn:aws:codeartifact:{REGION}:{ACCOUNT}:domain/my_domain", safe="")
    tag = f"/v1/tag?resourceArn={arn}"
    huge = b'{"tags": [' + b" " * 1024 * 1024 + b"]}"
    bad = {
        ("GET", "/v1/nothing", b""): 400,
        ("PATCH", "/v1/domain?domain=my_domain", b""): 400,
        ("GET", "/v1/domain", b""): 400,
        ("GET", "/v1/domain?domain=my_domain&domain=default", b""): 400,
        ("GET", "/v1/domain?domain=%FF%FE", b""): 400,
        ("GET", "/v1/domain?domain=..%2F..%2Fetc", b""): 400,
        ("GET", "/v1/domain?domain=my_domain%00", b""): 400,
        ("GET", "/v1/domain?domain=MY_DOMAIN", b""): 400,
        ("GET", "/v1/domain?domain=my_domain&domain-owner=1", b""): 400,
        ("POST", tag, b"["): 400,
        ("POST", tag, b"[]"): 400,
        ("POST", tag, b"[" * 100_000): 400,
        ("POST", tag, b'{"tags": ' + b"[" * 5000 + b"]" * 5000 + b"}"): 400,
        ("POST", tag, b'{"tags": {"key": "a"}}'): 400,
        ("POST", tag, b'{"tags": [{"key": null, "value": "x"}]}'): 400,
        ("POST", tag, b'{"tags": [{"key": "a\\u0000", "value": "x"}]}'): 400,
        ("POST", tag, b'{"tags": [{"key": "\\ud800", "value": "x"}]}'): 400,
        ("POST", tag, b"\xff\xfe"): 400,
        ("POST", "/v1/packages?domain=my_domain&repository=my_repo&max-results=1e3", b""): 400,
        (
            "POST",
            "/v1/packages?domain=my_domain&repository=my_repo&max-results=9" + "9" * 5000,
            b"",
        ): 400,
    }
    for (method, target, body), status in bad.items():
        answer = await signer.call(method, target, body)
        assert (answer.status, answer.code) == (status, "ValidationException"), (target, body[:40])
        assert str(service.data_dir).encode() not in answer.body
    assert 400 <= (await signer.call("POST", tag, huge)).status < 500
    assert (await signer.send("GET", "/v1/nothing"))[:2] == (
        403,
        "MissingAuthenticationTokenException",
    )


async def test_a_policy_of_pathological_wildcards(
    service: Running, boto: Boto, signer: Signer
) -> None:
    """7,168 characters of them, asked about a name that nearly matches, while others are served."""
    stars = "*a" * 1000
    anything = "arn:aws:codeartifact:*"
    name = "a" * 200 + "b"
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"codeartifact:{stars}c",
        "Resource": f"{anything}{stars}c",
        "Condition": {"StringLike": {"aws:username": "*a*d*m*i*n*x" * 10}},
    }
    document = {"Version": "2012-10-17", "Statement": statement}
    room = 7168 - len(json.dumps(document))
    assert room >= 0
    statement["Sid"] = "s" * (room - len(', "Sid": ""'))
    text = json.dumps(document)
    assert len(text) == 7168
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    denied = {**allow, "Effect": "Deny", "Resource": f"{anything}{stars}c"}
    await boto.put_domain_permissions_policy(**D, policyDocument=text)
    second = json.dumps({"Version": "2012-10-17", "Statement": [allow, denied]})
    await boto.put_repository_permissions_policy(**R, policyDocument=second)
    calls = [
        boto.put_package_origin_configuration(
            **R,
            format="npm",
            package=f"{name}{number}",
            restrictions={"publish": "ALLOW", "upstream": "ALLOW"},
        )
        for number in range(50)
    ]
    async with asyncio.timeout(PATIENCE):
        work = asyncio.gather(*calls)
        answered = 0
        while not work.done():
            assert (await signer.send("GET", "/-/health")).status == 200
            answered += 1
        await work
    assert answered > 0
    assert len((await boto.list_packages(**R))["packages"]) == 50
