"""Python projects through a chain of repositories: pages, sidecars, what stays and what is told."""

import pytest

from mirror.errors import Conflict, Misbehaved, NotFound, Unavailable
from mirror.repositories.assets import Arriving, Held
from tests.distributions import described, sdist, wheel
from tests.formats.pypi.samples import recorded, written
from tests.repositories.python import JSON, Python
from tests.repositories.registry import DOWN, GONE, Answer
from tests.repositories.world import World, read

ONE = wheel("alpha", "1.0", requires=["beta>=1", "gamma; extra == 'more'"])
WHEEL = ONE[0]
SDIST = sdist("alpha", "1.0", requires=["delta"])
SIDECAR = described("alpha", "1.0", requires=["beta>=1", "gamma; extra == 'more'"])
OTHER = wheel("alpha", "1.0", tag="cp311-none-any")
AT = f"simple/alpha/1.0/{WHEEL}"
FILES = "/packages/"


@pytest.fixture
def python(world: World) -> Python:
    return Python(world)


# ---------------------------------------------------------------- a page as pypi.org writes it

SAMPLE = "sampleproject-4.0.0-py3-none-any.whl"
PLACE = "/packages/d7/73/c16e5f3f0d37c60947e70865c255a58dc408780a6474de0523afd0ec553a/" + SAMPLE


async def test_recorded_documents_all_the_way(world, python) -> None:
    """PEP 691, 714, 740 and the JSON API: what comes in is what goes out, under our addresses."""
    provenance = written("sampleproject.provenance.json")
    world.upstream.answers = {
        "/simple/sampleproject/": Answer(
            200, written("sampleproject.json"), {"Content-Type": JSON, "ETag": '"1"'}
        ),
        PLACE: Answer(200, recorded(f"upstream/{SAMPLE}")),
        f"{PLACE}.metadata": Answer(200, recorded(f"upstream/{SAMPLE}.metadata")),
        f"/integrity/sampleproject/4.0.0/{SAMPLE}/provenance": Answer(200, provenance),
        "/pypi/sampleproject/json": Answer(200, recorded("upstream/sampleproject-api.json")),
    }
    page = await python.page(name="sampleproject")
    assert page["project-status"] == {"status": "active"}
    [file] = [each for each in page["files"] if each["filename"] == SAMPLE]
    assert file["url"] == f"4.0.0/{SAMPLE}"
    sidecar = await python.file(f"simple/sampleproject/{file['url']}.metadata")
    assert sidecar == recorded(f"upstream/{SAMPLE}.metadata")
    told = file["provenance"].partition("/pypi/main/")[2]
    assert await python.file(told) == provenance
    api = await python.page(name="sampleproject", view="api")
    assert api["info"]["description"].startswith("# A sample Python project")
    assert {each["url"].partition("/pypi/main/")[0] for each in api["urls"]} == {"https://host"}
    assert await world.held() == {}

    assert await python.file(f"simple/sampleproject/{file['url']}") == recorded(
        f"upstream/{SAMPLE}"
    )
    assert await world.held() == {"py": ["4.0.0"], "shelf": ["4.0.0"]}
    shown = await python.described()
    assert shown["summary"] == "A sample Python project"
    assert shown["dependencies"][0] == ("peppercorn", "")
    await world.consistent()


# ---------------------------------------------------------------- sidecars


async def test_reading_a_sidecar_retains_nothing(world, python) -> None:
    """U7; but a resolution that worked once works again without the upstream."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    for asked in (True, False):
        found = await python.found(f"{AT}.metadata")
        assert isinstance(found, Held)
        assert (read(found.file), found.asked) == (SIDECAR, asked)
        assert found.fresh_until == float("inf")
    assert await world.held() == {}
    assert "package" not in await world.dump()
    assert world.upstream.asked == {"/simple/alpha/": 1, f"{FILES}{WHEEL}.metadata": 1}
    await world.consistent()

    world.upstream.answers = {}
    world.upstreams = world.new_upstreams()
    assert await python.file(f"{AT}.metadata") == SIDECAR
    assert world.upstream.asked.total() == 2


async def test_a_retained_wheel_has_its_sidecar(world, python) -> None:
    """Made of it, without another question; whether or not the index has sidecars (devpi#1018)."""
    python.offer(ONE, OTHER)
    python.sidecar(WHEEL, SIDECAR)
    await python.file(AT)
    await python.file(AT.replace(WHEEL, OTHER[0]))
    sidecars = [f"{WHEEL}.metadata", f"{OTHER[0]}.metadata"]
    assert await python.assets() == sorted([WHEEL, OTHER[0], *sidecars])
    assert await python.file(f"{AT}.metadata") == SIDECAR
    assert f"{FILES}{WHEEL}.metadata" not in world.upstream.asked
    page = await python.page()
    assert [bool(each["core-metadata"]) for each in page["files"]] == [True, True]
    await world.consistent()


async def test_a_sidecar_read_in_another_repository_than_its_wheel(world, python) -> None:
    python.offer(ONE)
    await python.file(AT, repository="shelf")
    assert await python.file(f"{AT}.metadata") == SIDECAR
    assert await world.held() == {"shelf": ["1.0"]}


async def test_what_a_retained_copy_has_does_not_depend_on_where_it_came_from(
    world, python
) -> None:
    """U8."""
    await python.publish(ONE, repository="shelf")
    await python.file(AT)
    assert await python.described() == await python.described("shelf")
    await world.change(
        "DELETE FROM version WHERE package_id IN (SELECT p.id FROM package p"
        " JOIN repository r ON r.id = p.repository_id WHERE r.name = 'shelf')"
    )
    assert await python.file(f"{AT}.metadata") == SIDECAR


async def test_bytes_that_are_here_under_another_name_get_their_sidecar(world, python) -> None:
    await python.publish(ONE, repository="lone")
    python.offer(ONE)
    assert isinstance(await python.found(AT), Held)
    assert await python.assets() == [WHEEL, f"{WHEEL}.metadata"]
    assert world.upstream.asked == {"/simple/alpha/": 1}


async def test_a_sidecar_that_is_not_what_was_announced(world, python) -> None:
    """pypi.md §7: dropped, asked for once more past the caches, and then it is the upstream's fault."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    world.upstream.answers[f"{FILES}{WHEEL}.metadata"] = Answer(body=b"Name: evil\n")
    with pytest.raises(Misbehaved, match="is not what was announced"):
        await python.file(f"{AT}.metadata")
    assert world.upstream.asked[f"{FILES}{WHEEL}.metadata"] == 2
    assert world.upstream.headers[f"{FILES}{WHEEL}.metadata"] == {
        "Accept-Encoding": "identity",
        "Cache-Control": "no-cache",
    }
    await world.consistent()
    world.upstream.answers[f"{FILES}{WHEEL}.metadata"] = Answer(body=SIDECAR)
    assert await python.file(f"{AT}.metadata") == SIDECAR


async def test_a_sidecar_follows_its_page(world, python) -> None:
    python.offer(ONE)
    python.sidecar(WHEEL, b"Name: alpha\nVersion: 1.0\n")
    path = f"{FILES}{WHEEL}.metadata"
    world.upstream.answers[path].headers = {"ETag": '"1"'}
    await python.file(f"{AT}.metadata")
    python.sidecar(WHEEL, SIDECAR)
    await world.later()
    assert await python.file(f"{AT}.metadata") == SIDECAR
    # "Unchanged" would be an answer about bytes that are no longer wanted.
    assert "If-None-Match" not in world.upstream.headers[path]
    await world.consistent()


async def test_a_sidecar_that_was_lost(world, python) -> None:
    """lessons #17; and still nothing is retained for it."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    await python.file(AT, repository="shelf")
    [row] = await world.database.read("SELECT sha256 FROM asset WHERE name LIKE '%.metadata'")
    world.blobs.path(row[0]).unlink()
    assert await python.file(f"{AT}.metadata") == SIDECAR
    assert await world.held() == {"shelf": ["1.0"]}


@pytest.mark.parametrize("answer", [DOWN, Answer(500)])
async def test_a_sidecar_that_cannot_be_had(world, python, answer) -> None:
    """An outage is not an absence (lessons #14)."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    world.upstream.answers[f"{FILES}{WHEEL}.metadata"] = answer
    with pytest.raises(Unavailable):
        await python.found(f"{AT}.metadata")


async def test_a_sidecar_that_is_promised_and_not_there_is_made_of_its_wheel(world, python) -> None:
    """lessons #27: proxpi#23."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    world.upstream.answers[f"{FILES}{WHEEL}.metadata"] = GONE
    assert await python.file(f"{AT}.metadata") == SIDECAR
    assert world.upstream.asked[f"{FILES}{WHEEL}"] == 1


async def test_a_sidecar_that_nothing_can_be_made_of(world, python) -> None:
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR)
    world.upstream.answers[f"{FILES}{WHEEL}.metadata"] = GONE
    world.upstream.answers[f"{FILES}{WHEEL}"] = GONE
    with pytest.raises(NotFound):
        await python.found(f"{AT}.metadata")


async def test_a_sidecar_without_a_digest_is_looked_after(world, python) -> None:
    """Nothing says that it stays as it is: it is asked for again, and old while nobody answers."""
    python.offer(ONE)
    python.sidecar(WHEEL, SIDECAR, announced=True)
    path = f"{FILES}{WHEEL}.metadata"
    first = await python.found(f"{AT}.metadata")
    assert isinstance(first, Held)
    assert first.fresh_until < float("inf")
    await python.found(f"{AT}.metadata")
    assert world.upstream.asked[path] == 1
    await world.later(601)
    world.upstream.answers[path] = Answer(body=b"Name: alpha\nVersion: 1.0\n")
    assert await python.file(f"{AT}.metadata") == b"Name: alpha\nVersion: 1.0\n"
    await world.later(601)
    world.upstream.answers[path] = DOWN
    assert await python.file(f"{AT}.metadata") == b"Name: alpha\nVersion: 1.0\n"


async def test_provenance_is_looked_after_too(world, python) -> None:
    """PEP 740: an object beside the file, which may gain attestations."""
    python.offer(ONE, provenance="http://up/integrity/x")
    world.upstream.answers["/integrity/x"] = Answer(body=b'{"version":1}')
    address = f"integrity/alpha/1.0/{WHEEL}/provenance"
    assert await python.file(address) == b'{"version":1}'
    await python.file(AT)
    world.upstream.answers["/integrity/x"] = Answer(body=b'{"version":1,"more":[]}')
    await world.later(601)
    assert await python.file(address) == b'{"version":1,"more":[]}'
    assert f"{WHEEL}.provenance" not in await python.assets()


async def test_what_nobody_announced_is_asked_of_nobody(world, python) -> None:
    python.offer(ONE)
    await python.page()
    for suffix in (".metadata", ".asc"):
        with pytest.raises(NotFound):
            await python.found(AT + suffix)
    assert world.upstream.asked == {"/simple/alpha/": 1}


async def test_sidecars_of_what_is_not_to_be_downloaded(world, python) -> None:
    """U9."""
    python.offer(ONE, provenance="http://up/integrity/x")
    python.sidecar(WHEEL, SIDECAR)
    world.upstream.answers["/integrity/x"] = Answer(body=b"{}")
    await python.file(AT)
    await world.change("UPDATE version SET status = 'Archived'")
    for address in (f"{AT}.metadata", f"integrity/alpha/1.0/{WHEEL}/provenance"):
        with pytest.raises(NotFound):
            await python.found(address)


# ---------------------------------------------------------------- what is told of what was retained


@pytest.mark.parametrize(
    ("file", "needs"), [(ONE, "beta"), (SDIST, "delta")], ids=["wheel", "sdist"]
)
async def test_a_retained_version_is_described(world, python, file, needs) -> None:
    """API contract §5: DescribePackageVersion, ListPackageVersionDependencies and the readme."""
    python.offer(file)
    assert await python.file(f"simple/alpha/1.0/{file[0]}") == file[1]
    for repository in ("py", "shelf"):
        shown = await python.described(repository)
        assert shown["licenses"] == ["MIT"]
        assert shown["readme"] == "Made for a test.\n"
        assert shown["dependencies"][0][0] == needs
    assert (await python.page(view="api"))["info"]["license"] == "MIT"


async def test_later_files_do_not_rewrite_the_description(world, python) -> None:
    python.offer(ONE, SDIST)
    await python.file(AT)
    before = await python.described()
    await python.file(f"simple/alpha/1.0/{SDIST[0]}")
    assert await python.described() == before
    assert await python.assets() == [WHEEL, f"{WHEEL}.metadata", SDIST[0]]
    info = (await python.page(view="api"))["info"]
    assert info["requires_dist"][0].startswith("beta")


@pytest.mark.parametrize("broken", ["file", "format"])
async def test_a_file_that_cannot_be_described_is_served_all_the_same(
    world, python, broken, monkeypatch, caplog
) -> None:
    file = (WHEEL, b"no wheel at all" if broken == "file" else ONE[1])
    if broken == "format":
        monkeypatch.setattr("mirror.formats.pypi.joining.examine", lambda *_: 1 / 0)
    python.offer(file)
    assert await python.file(AT) == file[1]
    assert (await python.described())["summary"] is None
    assert await python.assets() == [WHEEL]
    assert bool(caplog.records) is (broken == "format")


async def test_what_is_known_of_a_file_outlives_its_page(world, python) -> None:
    """U8: when the upstream drops a file and then adds one, the first keeps its fields."""
    python.offer(ONE, **{"requires-python": ">=3.11"})
    await python.file(AT)
    python.pages.clear()
    python.offer(OTHER)
    await world.later()
    await python.file(AT.replace(WHEEL, OTHER[0]))
    files = {each["filename"]: each for each in (await python.page())["files"]}
    assert files[WHEEL]["requires-python"] == ">=3.11"
    assert set(files) == {WHEEL, OTHER[0]}


async def test_a_file_added_upstream_a_moment_ago(world, python) -> None:
    """lessons #3, for a version that was there before."""
    python.offer(ONE)
    await python.file(AT)
    await world.later(2)
    python.offer(OTHER)
    assert await python.file(AT.replace(WHEEL, OTHER[0])) == OTHER[1]
    assert world.upstream.asked["/simple/alpha/"] == 2


# ---------------------------------------------------------------- a project's status (PEP 792)

QUARANTINED = {"project-status": {"status": "quarantined", "reason": "malware"}}
LATER = wheel("alpha", "2.0")


async def test_a_quarantined_project_is_no_longer_offered(world, python) -> None:
    """As soon as it is seen: the old page is no fallback, not even in an outage."""
    python.offer(ONE, LATER)
    await python.file(AT)
    assert len(await python.listed()) == 2
    python.serve(**QUARANTINED)
    await world.later()
    for answer in (None, DOWN):
        if answer is not None:
            world.upstream.answers["/simple/alpha/"] = answer
            await world.later()
        page = await python.page()
        assert (page["files"], page["versions"]) == ([], [])
        assert page["project-status"] == QUARANTINED["project-status"]
        with pytest.raises((NotFound, Unavailable)):
            await python.found(f"simple/alpha/2.0/{LATER[0]}")
    # What lock files name is still there (U8): nothing that was retained is taken away.
    assert await python.file(AT) == ONE[1]
    await world.consistent()


async def test_a_quarantine_ends(world, python) -> None:
    python.offer(ONE)
    python.serve(**QUARANTINED)
    assert await python.listed() == []
    python.serve()
    await world.later()
    assert await python.listed() == [WHEEL]


async def test_a_quarantine_does_not_hide_what_was_published_here(world, python) -> None:
    python.offer(ONE)
    await python.file(AT)
    await world.change("UPDATE package SET publish = 'ALLOW'")
    await python.publish(wheel("alpha", "3.0"), version="3.0")
    python.serve(**QUARANTINED)
    await world.later()
    assert await python.listed() == ["alpha-3.0-py3-none-any.whl"]


@pytest.mark.parametrize("status", ["archived", "deprecated"])
async def test_other_statuses_are_passed_on(world, python, status) -> None:
    python.offer(ONE)
    python.serve(**{"project-status": {"status": status}})
    await python.file(AT)
    page = await python.page()
    assert page["project-status"] == {"status": status}
    assert [each["filename"] for each in page["files"]] == [WHEEL]


# ---------------------------------------------------------------- one version, spelt in two ways

ZERO = wheel("alpha", "1.0.0", tag="cp311-none-any")
AT_ZERO = f"simple/alpha/1.0.0/{ZERO[0]}"


async def test_published_files_of_one_version(world, python) -> None:
    """PEP 440: 1.0 and 1.0.0 are the same; it is shown as it was first published."""
    await python.publish(ONE)
    assert (await python.publish(ZERO, version="1.0.0")).created
    assert await world.held() == {"py": ["1.0"]}
    page = await python.page()
    assert page["versions"] == ["1.0"]
    for each in page["files"]:
        assert await python.file(f"simple/alpha/{each['url']}")
    assert await python.file(AT_ZERO) == ZERO[1]
    assert await python.file(f"{AT_ZERO}.metadata")


async def test_the_same_name_in_another_spelling_of_its_version_is_a_conflict(python) -> None:
    await python.publish(ONE)
    changed = wheel("alpha", "1.0", files={"alpha.py": b"changed"})
    with pytest.raises(Conflict, match="already exists with other content"):
        await python.publish(changed, version="1.0.0")


@pytest.mark.parametrize("upstream", ["a connection", "a repository"])
async def test_a_version_that_upstream_spells_otherwise(world, python, upstream) -> None:
    if upstream == "a connection":
        python.offer(ZERO)
    else:
        await python.publish(ZERO, repository="shelf", version="1.0.0")
    with pytest.raises(Conflict, match="publish another version"):
        await python.publish(ONE)


async def test_retained_files_of_one_version(world, python) -> None:
    python.offer(ZERO)
    assert await python.file(AT_ZERO) == ZERO[1]
    python.pages.clear()
    python.offer(ONE, ZERO)  # the page's first file says how the upstream spells it
    await world.later()
    assert await python.file(AT) == ONE[1]
    assert await world.held() == {"py": ["1.0.0"], "shelf": ["1.0.0"]}
    world.upstream.answers = {}
    for address, file in ((AT_ZERO, ZERO), (AT, ONE)):
        assert await python.file(address) == file[1]


async def test_a_version_of_ours_is_not_filled_up_under_another_spelling(world, python) -> None:
    """UG: what was published directly shows none of the upstream's files, by no address."""
    await python.publish(ONE)
    await world.change("UPDATE package SET upstream = 'ALLOW'")
    python.offer(ZERO)
    assert await python.listed() == [WHEEL]
    with pytest.raises(NotFound):
        await python.found(AT_ZERO)
    await world.change("UPDATE version SET status = 'Archived'")
    with pytest.raises(NotFound):
        await python.found(AT_ZERO)


async def test_a_version_of_the_json_api_in_another_spelling(world, python) -> None:
    python.offer(ONE)
    await python.page()
    asked = world.upstream.asked["/simple/alpha/"]
    assert (await python.page(view="api", version="1"))["info"]["version"] == "1.0"
    assert world.upstream.asked["/simple/alpha/"] == asked


async def test_a_version_that_we_hold_needs_no_question_in_any_spelling(world, python) -> None:
    python.offer(ONE)
    await python.file(AT)
    python.pages.clear()
    python.offer(LATER)
    await world.later()
    await python.page()
    asked = world.upstream.asked["/simple/alpha/"]
    assert (await python.page(view="api", version="1"))["info"]["version"] == "1.0"
    assert world.upstream.asked["/simple/alpha/"] == asked


# ---------------------------------------------------------------- the upstream's JSON API


async def test_the_api_of_a_private_project_asks_nobody(world, python) -> None:
    """Dependency confusion, devpi#830."""
    await python.publish(ONE)
    world.upstream.asked.clear()
    assert (await python.page(view="api"))["info"]["license"] == "MIT"
    assert not world.upstream.asked


@pytest.mark.parametrize("answer", [GONE, DOWN, Answer(body=b"{", headers={"Content-Type": "a/b"})])
async def test_the_api_without_the_upstreams(world, python, answer) -> None:
    """It may have none, or be away: the rest is told all the same."""
    python.offer(ONE)
    world.upstream.answers["/pypi/alpha/json"] = answer
    document = await python.page(view="api")
    assert [each["filename"] for each in document["urls"]] == [WHEEL]


async def test_following_a_cold_file(world, python) -> None:
    """A large one is sent while it comes; what it says of itself is read when all is there."""
    heavy = wheel("alpha", "1.0", files={"heavy.bin": bytes(range(256)) * 2000})
    python.offer(heavy)
    found = await python.found(AT)
    assert isinstance(found, Arriving)
    async with found.follower as follower:
        assert await follower.opening() == len(heavy[1])
        while not follower.finished:
            await follower.released(follower.total)
    found = await python.found(AT)
    assert isinstance(found, Held)
    assert read(found.file) == heavy[1]
    assert (await python.described())["licenses"] == ["MIT"]
