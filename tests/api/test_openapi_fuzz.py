"""Requests generated from both OpenAPI documents: no 5xx, no status or media type that they do not name.

``DIABAN_FUZZ_REQUESTS`` says how many; ``./diaban conformance --fuzz 20000`` sets it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api.ogc_ground import put_rows
from tests.api.openapi_fuzz import Findings, fuzz
from tests.conftest import copied, settings_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

# A part that takes seconds; the whole is made by the command.
REQUESTS = int(os.environ.get("DIABAN_FUZZ_REQUESTS", "450"))


@pytest.fixture(scope="module")
def settings(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """As everywhere, but one address may send as many reports as it likes."""
    with copied(server, template) as name:
        yield settings_for(server, name, tmp_path_factory.mktemp("home"), reports_per_10_min=10**6)


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.mark.timeout(3_600)
# By the number of their operations.
@pytest.mark.parametrize(("document", "thirds"), [("/ogc/openapi", 2), ("/api/openapi.json", 1)])
def test_no_request_makes_the_server_fail(
    live_server: str, operator: dict[str, str], document: str, thirds: int
) -> None:
    found = Findings()
    fuzz(live_server, document, REQUESTS * thirds // 3, operator, found)
    print(f"{document}: {found.requests} requests, {dict(sorted(found.statuses.items()))}")
    assert not found.wrong, found.told()
    # A generator that makes nothing, or nothing that is right, finds nothing.
    assert found.requests >= REQUESTS * thirds // 3
    assert found.statuses[200] > found.requests * 0.02 and found.statuses[400]
