"""A repository is deleted, and the power fails before its files are."""

from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.purging import bury_repository
from tests.faults.packages import publication
from tests.faults.server import until


async def test_what_a_deleted_repository_held_goes_after_the_next_start(make) -> None:
    mirror = make()
    await mirror.start()
    for name in ("one", "two"):
        assert (await mirror.publish(name, publication(name))).status == 201
    assert (await mirror.publish("kept", publication("kept"), "npm-store")).status == 201
    await mirror.kill()
    [(main,)] = mirror.sql("SELECT id FROM repository WHERE name = 'main'")
    async with Database(mirror.data / "index.sqlite3", Changes()) as database:
        await database.write(lambda transaction: bury_repository(transaction, main))
    before = len(mirror.files())
    await mirror.start()
    await until(lambda: mirror.sql("SELECT name FROM package") == [("kept",)])
    [(left,)] = mirror.sql("SELECT count(*) FROM blob")
    await until(lambda: len(mirror.files()) == left)
    assert left < before
    assert (await mirror.get("/npm/main/one")).status == 404
