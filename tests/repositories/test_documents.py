"""Documents about packages: made once per change, for all who ask at the time."""

import asyncio

import orjson
import pytest

from mirror.errors import NotFound, Storage, Unavailable
from mirror.repositories import documents as documents_module
from mirror.repositories.composing import compose
from mirror.store.repositories import put_repository
from tests.repositories.registry import DOWN, GONE, Answer
from tests.repositories.world import content
from tests.store.rows import OWNER


@pytest.fixture
def made(monkeypatch) -> list[object]:
    """Every rendering that is really done."""
    jobs: list[object] = []

    def counting(job, known):
        jobs.append(job)
        return compose(job, known)

    monkeypatch.setattr(documents_module, "compose", counting)
    return jobs


async def test_ours_and_theirs_in_one_document(world) -> None:
    """lessons #21; reading metadata retains nothing (U7)."""
    await world.published("2.0.0")
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    world.upstream.offer({"1.0.0": b"one"}, description="pads")
    found = await world.shown()
    assert list(found["versions"]) == ["2.0.0", "1.0.0"]
    assert found["dist-tags"] == {"latest": "1.0.0"}  # the upstream's tag wins
    assert found["description"] == "pads"
    assert await world.held() == {"main": ["2.0.0"]}


async def test_many_at_once_share_the_work(world, made) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    gate = world.upstream.answers["/left-pad"].gate = asyncio.Event()
    asking = [asyncio.create_task(world.document()) for _ in range(50)]
    await asyncio.sleep(1)  # on a busy machine the last of them may come late
    gate.set()
    found = await asyncio.gather(*asking)
    assert len({id(each) for each in found}) == 1
    assert len(made) == 1
    assert world.upstream.asked["/left-pad"] == 1


async def test_different_questions_are_different_work(world, made) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await asyncio.gather(
        world.document(),
        world.document(view="abbreviated"),
        world.document(repository="team"),
        world.document(view="manifest", version="1.0.0"),
    )
    assert len(made) == 4
    assert world.upstream.asked["/left-pad"] == 1


async def test_what_did_not_change_is_used_again(world, made) -> None:
    world.upstream.offer({"1.0.0": b"one"}, etag='"1"')
    first = await world.document()
    await world.later()
    again = await world.document(previous=first)
    assert len(made) == 1
    assert again.rendered is first.rendered
    assert again.fresh_until >= first.fresh_until
    assert again.stamp == world.changes.stamp(documents_module.Package("npm", "", "left-pad"))


async def test_a_version_retained_as_it_was_listed_changes_no_bytes(world, made) -> None:
    """Each fetched file retains its version; compressing the document anew would be for nothing."""
    world.upstream.offer({"1.0.0": b"one", "2.0.0": b"two"}, description="pads " * 500)
    first = await world.document()
    assert first.rendered.gzip is not None
    await world.fetched()
    assert await world.held() == {"main": ["1.0.0"], "store": ["1.0.0"]}
    again = await world.document(previous=first)
    assert len(made) == 2
    assert again.fingerprint != first.fingerprint
    assert again.rendered is first.rendered
    await world.change("UPDATE version SET status = 'Unlisted'")
    assert (await world.document(previous=again)).rendered.tag != first.rendered.tag
    await world.consistent()


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE version SET status = 'Unlisted' WHERE version = '1.0.0'",
        "UPDATE version SET revision = 'other'",
        "UPDATE package SET revision = revision + 1",  # tags, fields
        "UPDATE package SET upstream = 'ALLOW'",
        (
            "INSERT INTO version SELECT 99, package_id, '9.9.9', NULL, status, origin_type,"
            " origin_repository, origin_connection, revision, manifest, summary, home_page,"
            " source_repository, licenses, readme, published_at, stored_at FROM version WHERE id = 1"
        ),
    ],
)
async def test_whatever_changes_makes_it_anew(world, made, sql) -> None:
    await world.published("1.0.0")
    await world.published("2.0.0")
    first = await world.document()
    await world.change(sql)
    again = await world.document(previous=first)
    assert len(made) == 2
    assert again.fingerprint != first.fingerprint
    assert again.stamp != first.stamp


async def test_another_order_of_upstreams_makes_it_anew(world) -> None:
    """The nearest decides, also where no source changed."""
    await world.published("1.0.0", b"from lone", repository="lone")
    await world.change(
        'UPDATE version SET manifest = \'{"name":"left-pad","version":"1.0.0","by":"lone"}\''
    )
    await world.published("1.0.0", b"from store", repository="store")

    async def above(*upstreams: str) -> None:
        await world.database.write(
            lambda transaction: put_repository(
                transaction, owner=OWNER, domain="default", name="main", upstreams=upstreams
            )
        )

    await above("lone", "store")
    first = await world.document()
    assert orjson.loads(content(first))["versions"]["1.0.0"]["by"] == "lone"
    await above("store", "lone")
    again = await world.document(previous=first)
    assert "by" not in orjson.loads(content(again))["versions"]["1.0.0"]


async def test_who_asks_after_a_publish_sees_it(world) -> None:
    """Though another reader's document is still being made from the rows before it."""
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers["/left-pad"].gate = gate = asyncio.Event()
    before = asyncio.create_task(world.document())
    await asyncio.sleep(0.02)
    publishing = asyncio.create_task(world.published("2.0.0"))
    await asyncio.sleep(0.02)
    gate.set()
    await publishing
    assert "2.0.0" in (await world.shown())["versions"]
    await before


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (GONE, NotFound),
        (DOWN, Unavailable),
        (Answer(403), Unavailable),
        (Storage("no space left", full=True), Storage),
    ],
    ids=["gone", "down", "forbidden", "full"],
)
@pytest.mark.parametrize("version", [None, "1.0.0"])
async def test_nothing_found_or_nothing_known(world, answer, kind, version) -> None:
    """lessons #14: whoever hears 404 takes another version or another source."""
    world.upstream.answers["/left-pad"] = answer
    with pytest.raises(kind):
        await world.document(view="manifest" if version else "full", version=version)


@pytest.mark.parametrize(("answer", "kind"), [(GONE, NotFound), (DOWN, Unavailable)])
async def test_a_version_that_nobody_shows(world, answer, kind) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    await world.document()
    await world.later()
    world.upstream.answers["/left-pad"] = answer
    with pytest.raises(kind):
        await world.document(view="manifest", version="9.9.9")


async def test_a_version_published_upstream_a_moment_ago(world) -> None:
    """lessons #3."""
    world.upstream.offer({"1.0.0": b"one"})
    await world.document()
    await world.later(2)
    world.upstream.offer({"1.0.0": b"one", "2.0.0": b"two"})
    found = orjson.loads(content(await world.document(view="manifest", version="2.0.0")))
    assert found["version"] == "2.0.0"


async def test_what_we_hold_needs_no_forced_question(world) -> None:
    await world.published("1.0.0", tags=("beta",))
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    world.upstream.offer({"0.9.0": b"old"})
    await world.document()
    await world.later(2)
    world.upstream.asked.clear()
    await world.document(view="manifest", version="1.0.0")
    await world.document(view="manifest", version="beta")
    assert not world.upstream.asked


async def test_stale_is_said(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    assert not (await world.document()).stale
    await world.later()
    world.upstream.answers["/left-pad"] = DOWN
    stale = await world.document()
    assert stale.stale
    assert list(orjson.loads(content(stale))["versions"]) == ["1.0.0"]


async def test_half_of_the_sources_is_stale_too(world) -> None:
    """U12: what is stored is shown while the upstream, never heard of before, is away."""
    await world.published("1.0.0")
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    world.upstream.answers["/left-pad"] = DOWN
    found = await world.document()
    assert found.stale
    assert list(orjson.loads(content(found))["versions"]) == ["1.0.0"]


async def test_a_private_package_asks_nobody(world) -> None:
    """Dependency confusion: §12."""
    await world.published("1.0.0")
    world.upstream.asked.clear()
    world.upstream.offer({"9.9.9": b"evil"})
    found = await world.document()
    assert list(orjson.loads(content(found))["versions"]) == ["1.0.0"]
    assert found.fresh_until == float("inf")
    assert not world.upstream.asked


async def test_a_large_document_is_an_open_file_that_leaves_nothing_behind(world) -> None:
    world.upstream.offer({"1.0.0": b"one"}, readme="x" * 50_000)
    found = await world.document()
    assert not isinstance(found.rendered.identity, bytes)
    assert orjson.loads(content(found))["readme"] == "x" * 50_000
    await world.consistent()


async def test_a_listing_that_is_replaced_meanwhile(world, monkeypatch) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    calls = 0

    def vanishing(job, known):
        nonlocal calls
        calls += 1
        if calls == 1:
            raise FileNotFoundError
        return compose(job, known)

    monkeypatch.setattr(documents_module, "compose", vanishing)
    assert list((await world.shown())["versions"]) == ["1.0.0"]


async def test_whoever_asked_may_go_away(world) -> None:
    world.upstream.offer({"1.0.0": b"one"})
    world.upstream.answers["/left-pad"].gate = gate = asyncio.Event()
    first = asyncio.create_task(world.document())
    second = asyncio.create_task(world.document())
    await asyncio.sleep(0.02)
    first.cancel()
    gate.set()
    assert not (await second).stale
    assert not world.documents._making
