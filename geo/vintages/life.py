"""What happens to a staged vintage: it becomes real, is undone, is listed."""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from geo.database.errors import translated
from geo.errors import Conflict, NotFound
from geo.vintages.rules import rules_of_ending
from geo.vintages.store import become_owner
from geo.vintages.types import silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from geo.settings import Settings
    from geo.vintages.store import Db
    from geo.vintages.types import Progress

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


def activate(settings: Settings, vintage_id: int, actor: str, progress: Progress = silent) -> None:
    """Make a vintage real in one transaction; ``Conflict`` says why not, ``NotFound`` where there is none."""
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection:
        with connection.transaction():
            become_owner(connection)
            _make_real(connection, vintage_id, actor, progress)
        progress(0.95, "thống kê · statistics")
        _refresh_statistics(connection)


@contextmanager
def supposed(settings: Settings, vintage_id: int, actor: str, progress: Progress = silent) -> Iterator[Db]:
    """A connection on which a staged vintage is real; everything done on it is taken back at the end."""
    with (
        translated(),
        closing(psycopg.connect(settings.admin_dsn)) as connection,
        connection.transaction(force_rollback=True),
    ):
        become_owner(connection)
        _make_real(connection, vintage_id, actor, progress)
        connection.execute("SET LOCAL ROLE NONE")
        yield connection


def _make_real(connection: Db, vintage_id: int, actor: str, progress: Progress) -> None:
    named = rules_of_ending(connection, vintage_id)
    if named:
        listed = "; ".join(f"{each.rule_id}: {each.code} {each.name}" for each in named)
        raise Conflict(
            f"Quy tắc điều phối còn nêu đơn vị sẽ hết hiệu lực ({listed}). Đặt ngày kết thúc (valid_to) cho"
            " các quy tắc ấy hoặc sửa chúng, rồi kích hoạt lại.",
            f"Routing rules go on naming units that end ({listed}). Give those rules an end (valid_to) or"
            " change them, then activate again.",
        )
    told = _steps_told(connection, progress)
    try:
        _outcome(connection, "SELECT core.activate_vintage(%s, %s)", vintage_id, actor)
    except psycopg.errors.CheckViolation as error:  # a rule that was saved meanwhile
        said = error.diag.message_primary or ""
        raise Conflict(f"Không kích hoạt được: {said}.", f"Not activated: {said}.") from error
    finally:
        connection.remove_notice_handler(told)


def _steps_told(connection: Db, progress: Progress) -> Callable[[psycopg.errors.Diagnostic], None]:
    """The database says as it goes on how far it is: a share and a word."""

    def tell(said: psycopg.errors.Diagnostic) -> None:
        share, _, word = (said.message_primary or "").partition(" ")
        if said.message_hint == "diaban.progress":
            progress(float(share), word)

    connection.add_notice_handler(tell)
    return tell


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


def _outcome(connection: Db, question: str, vintage_id: int, actor: str) -> None:
    row = connection.execute(question.encode(), [vintage_id, actor]).fetchone()
    outcome = row[0] if row else "unknown"
    if outcome == "unknown":
        raise _unknown(vintage_id)
    if outcome != "done":
        raise Conflict(*REASONS[outcome])


def _unknown(vintage_id: int) -> NotFound:
    return NotFound(f"Không có bản ranh giới số {vintage_id}.", f"There is no vintage {vintage_id}.")


def _refresh_statistics(connection: Db) -> None:
    """Without them the planner takes the new era for empty."""
    with connection.transaction():
        become_owner(connection)
        connection.execute(
            "ANALYZE core.admin_units, pub.admin_units, core.admin_part, core.admin_area, core.admin_name"
        )
