"""What happens to a staged vintage: it becomes real, is undone, is listed."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from geo.database.errors import translated
from geo.errors import Conflict, NotFound
from geo.vintages.store import become_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from geo.settings import Settings

    # Rooms that build on units may forbid an activation: sentences (Vietnamese, English) that say why.
    Check = Callable[[psycopg.Connection[tuple[Any, ...]], int], list[tuple[str, str]]]

REASONS: dict[str, tuple[str, str]] = {
    "not_staged": (
        "Bản này đã được kích hoạt hoặc hoàn tác.",
        "This vintage was activated or reverted already.",
    ),
    "not_possible": ("Báo cáo kiểm tra không cho phép kích hoạt.", "The report does not permit activation."),
    "outdated": (
        "Đơn vị trong cơ sở dữ liệu đã đổi từ khi kiểm tra. Xin kiểm tra lại: stage.",
        "Units changed in the database since the check. Stage the file again.",
    ),
    "not_active": ("Bản này chưa được kích hoạt.", "This vintage is not active."),
    "overtaken": (
        "Có thay đổi sau đó trên các đơn vị này. Hoàn tác bản sau trước.",
        "These units were changed since. Revert the later vintage first.",
    ),
}


@dataclass(frozen=True, slots=True)
class Vintage:
    """One line of the list. ``report`` as it was when the vintage was staged."""

    vintage_id: int
    state: str
    valid_from: date
    valid_to: date | None
    legal_ref: str
    source: str
    possible: bool
    staged_at: datetime
    staged_by: str
    activated_at: datetime | None
    reverted_at: datetime | None
    report: dict[str, Any]


_COLUMNS = (
    "vintage_id, state, valid_from, valid_to, legal_ref, source, possible, staged_at, staged_by,"
    " activated_at, reverted_at, report"
)


def activate(settings: Settings, vintage_id: int, actor: str, checks: Sequence[Check] = ()) -> None:
    """Make a vintage real in one transaction; ``Conflict`` says why not, ``NotFound`` where there is none.

    ``checks`` are asked before; whatever one of them says forbids it.
    """
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection:
        with _ended_units_are_named(), connection.transaction():
            become_owner(connection)
            for check in checks:
                if sentences := check(connection, vintage_id):
                    raise Conflict("\n".join(vi for vi, _ in sentences), "\n".join(en for _, en in sentences))
            _outcome(connection, "SELECT core.activate_vintage(%s, %s)", vintage_id, actor)
        _refresh_statistics(connection)


@contextmanager
def _ended_units_are_named() -> Iterator[None]:
    """At the commit the database refuses to end a unit that a routing rule goes on naming; say which."""
    try:
        yield
    except psycopg.errors.CheckViolation as error:
        named = error.diag.message_primary or ""
        raise Conflict(
            f"Không kích hoạt được, hãy sửa quy tắc chuyển trước: {named}.",
            f"Not activated; end these routing rules first: {named}.",
        ) from error


def revert(settings: Settings, vintage_id: int, actor: str) -> None:
    """Undo an activation exactly; what was recorded meanwhile stays on record."""
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection:
        with connection.transaction():
            become_owner(connection)
            _outcome(connection, "SELECT core.revert_vintage(%s, %s)", vintage_id, actor)
        _refresh_statistics(connection)


def vintages(settings: Settings) -> list[Vintage]:
    """All vintages ever staged, newest first."""
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection:
        found = connection.execute(f"SELECT {_COLUMNS} FROM core.admin_vintage ORDER BY vintage_id DESC")  # noqa: S608
        return [Vintage(*row) for row in found.fetchall()]


def vintage(settings: Settings, vintage_id: int) -> Vintage:
    """One of them; ``NotFound``."""
    for each in vintages(settings):
        if each.vintage_id == vintage_id:
            return each
    raise _unknown(vintage_id)


def _outcome(
    connection: psycopg.Connection[tuple[Any, ...]], question: str, vintage_id: int, actor: str
) -> None:
    row = connection.execute(question.encode(), [vintage_id, actor]).fetchone()
    outcome = row[0] if row else "unknown"
    if outcome == "unknown":
        raise _unknown(vintage_id)
    if outcome != "done":
        raise Conflict(*REASONS[outcome])


def _unknown(vintage_id: int) -> NotFound:
    return NotFound(f"Không có bản ranh giới số {vintage_id}.", f"There is no vintage {vintage_id}.")


def _refresh_statistics(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Without them the planner takes the new era for empty."""
    with connection.transaction():
        become_owner(connection)
        connection.execute(
            "ANALYZE core.admin_units, pub.admin_units, core.admin_part, core.admin_area, core.admin_name"
        )
