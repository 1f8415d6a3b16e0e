"""Where the assertions of OGC's suites are pointed at: ``--server URL``, else the application on own data.

Each test names its conformance class and the abstract test that it carries out::

    @ats(CORE, "/conf/core/root-op")

``./diaban conformance`` reads both from the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.api.ogc_ground import put_rows
from tests.conformance.site import Site
from tests.conftest import copied, keepers_aside, serving, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator


TOKEN = pytest.StashKey[str]()


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The landing page's address."""
    if given := request.config.getoption("--server"):
        yield str(given)
        return
    server, template = request.getfixturevalue("server"), request.getfixturevalue("template")
    home = request.getfixturevalue("tmp_path_factory").mktemp("conformance")
    with copied(server, template) as name:
        settings = settings_for(server, name, home)
        with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
            put_rows(connection)
        request.config.stash[TOKEN] = issue(settings, Claims("conformance@test", 1))
        with keepers_aside(settings), serving(settings) as url:
            yield f"{url}/ogc"


@pytest.fixture(scope="session")
def token(request: pytest.FixtureRequest, address: str) -> str | None:
    """An access token of the server that is asked: its list of jobs holds those of who is signed in."""
    given = request.config.getoption("--token")
    return str(given) if given else request.config.stash.get(TOKEN, None)


@pytest.fixture(scope="session")
def site(address: str) -> Site:
    """The server that is asked."""
    return Site(address.rstrip("/"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write class and abstract tests into the report, also of a test that could not begin."""
    for item in items:
        if (marker := item.get_closest_marker("ats")) is not None:
            item.user_properties += [("class", marker.args[0]), ("tests", " ".join(marker.args[1:]))]
