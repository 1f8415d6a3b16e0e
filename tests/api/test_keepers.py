"""The keepers work inside the application; in the other tests they stand aside (``tests.conftest``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from geo.hotspots import keeper as hotspots
from geo.routing import undecided
from tests.conftest import copied, settings_for, settled
from tests.geo.units_ground import settle
from tiles.ladder import keeper as ladders

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

REPORTS = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
SELECT ST_Point(105.61, 10.51, 4326), 'K-' || n, 'MT', 'received', 'web', now() - interval '70 days', 'x'
  FROM generate_series(1, 3) AS n
"""
# So many that they are counted for tiles from afar.
CAMERAS = """
INSERT INTO core.cameras (geom, name, kind, status)
SELECT ST_Point(105.5 + n * 0.0001, 10.4, 4326), n, 'traffic', 'online' FROM generate_series(1, 1100) AS n
"""


@pytest.fixture(scope="module")
def settings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Of a database in which nobody else leads."""
    with copied(server, template) as name:
        yield settings_for(server, name, tmp_path_factory.mktemp("home"))


def test_decisions_months_and_ladders_are_made_beside_the_doors(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((undecided, "FIRST_S"), (hotspots, "FIRST_S"), (ladders, "INTERVAL_S")):
        monkeypatch.setattr(module, name, 0.05)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        settle(admin)
        for statement in (REPORTS, CAMERAS, "ANALYZE pub.cameras"):
            admin.execute(statement)

        def counted(what: str) -> int:
            row = admin.execute(f"SELECT count(*) FROM {what}").fetchone()
            return row[0] if row else 0

        with TestClient(create_app(settings)) as client:
            settled(client, lambda: counted("core.route_decision") == 3)
            settled(
                client, lambda: counted("core.reports WHERE unit = '30001' AND status = 'forwarded'") == 3
            )
            settled(client, lambda: counted("hot.release") >= 2)
            settled(client, lambda: counted("ops.ladder WHERE layer = 'cameras' AND kind = 'counted'") > 0)
