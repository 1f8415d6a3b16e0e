"""What a worker knows of the layers: what is committed, however long the committing takes."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg

from geo.catalogue import Catalogue
from geo.database import Database

if TYPE_CHECKING:
    from geo.settings import Settings

NOTED = (
    "UPDATE ops.layer SET note = jsonb_build_object('vi', %s::text, 'en', %s::text),"
    " revision = nextval('ops.layer_revision') WHERE name = %s"
)


def test_a_change_that_commits_late_is_seen_and_none_is_lost_by_another(settings: Settings) -> None:
    """A look while two changes are at work, and the later one commits first."""

    async def looks() -> list[tuple[str | None, str | None]]:
        database = Database(settings)
        await database.open()
        catalogue = Catalogue(database)
        found, revisions = [], []

        async def look() -> None:
            await catalogue.refresh()
            notes = [catalogue.note(name) for name in ("farms", "cameras")]
            found.append((notes[0] and notes[0].en, notes[1] and notes[1].en))
            revisions.append(catalogue.revision)

        try:
            with (
                closing(psycopg.connect(settings.admin_dsn)) as first,
                closing(psycopg.connect(settings.admin_dsn)) as second,
            ):
                await look()
                first.execute(NOTED, ["a", "a", "farms"])
                second.execute(NOTED, ["b", "b", "cameras"])
                await look()
                second.commit()
                await look()
                first.commit()
                await look()
        finally:
            await database.close()
        assert revisions[0] == revisions[1] < revisions[2] < revisions[3]
        return found

    nothing = (None, None)
    assert asyncio.run(looks()) == [nothing, nothing, (None, "b"), ("a", "b")]
