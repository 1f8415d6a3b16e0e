"""The one translator of database errors. No statement, value or DETAIL of PostgreSQL passes it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors as pg
from psycopg_pool import PoolTimeout

from geo.errors import Conflict, DiabanError, Forbidden, TooCostly, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

UNAVAILABLE = Unavailable(
    "Cơ sở dữ liệu đang bận hoặc chưa sẵn sàng. Xin thử lại sau ít phút.",
    "The database is busy or not ready. Try again in a few minutes.",
)
TOO_COSTLY = TooCostly(
    "Câu hỏi cần quá nhiều thời gian. Xin thu hẹp vùng, thời gian hoặc bộ lọc.",
    "The question takes too long. Narrow the area, the time or the filter.",
)
THERE_ALREADY = Conflict("Dữ liệu này đã có.", "This is there already.")
DISK_FULL = Unavailable(
    "Máy chủ dữ liệu hết chỗ. Không có gì được ghi; xin báo người quản trị.",
    "The database server is out of disk space. Nothing was written; tell the administrator.",
)
RULE_BROKEN = Conflict("Dữ liệu không thoả quy định của lớp.", "The data break a rule of the layer.")
OVERTAKEN = Conflict("Có người khác vừa sửa. Xin thử lại.", "Someone else changed it. Try again.")
NO_RIGHT = Forbidden("Không có quyền với dữ liệu này.", "No right to these data.")

KNOWN: tuple[tuple[tuple[type[psycopg.Error], ...], DiabanError], ...] = (
    ((pg.QueryCanceled,), TOO_COSTLY),
    ((pg.UniqueViolation, pg.ExclusionViolation), THERE_ALREADY),
    ((pg.ForeignKeyViolation, pg.CheckViolation, pg.NotNullViolation), RULE_BROKEN),
    ((pg.SerializationFailure, pg.DeadlockDetected, pg.LockNotAvailable), OVERTAKEN),
    ((pg.InsufficientPrivilege,), NO_RIGHT),
    ((pg.DiskFull,), DISK_FULL),
    ((PoolTimeout, pg.TooManyConnections, pg.AdminShutdown, pg.CannotConnectNow), UNAVAILABLE),
)
# States that our own functions raise; see geo/reports/install/4_families.sql.
OURS: dict[str, DiabanError] = {
    "DI001": Conflict(
        "Phản ánh còn phần việc con chưa đóng.", "A part of this report is still open: close it first."
    ),
    "DI002": Conflict(
        "Phản ánh cha đã đóng; xin mở lại phản ánh cha trước.",
        "The report of which this is a part is closed: open that one first.",
    ),
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into :mod:`geo.errors`; what is a defect of ours passes unchanged."""
    try:
        yield
    except psycopg.Error as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error


def translate(error: psycopg.Error) -> DiabanError | None:
    """The error for callers, or None where the statement itself is wrong (a defect of ours)."""
    known = _known(error)
    # A new one each time: an exception that is raised twice keeps the first traceback.
    return None if known is None else type(known)(known.vi, known.en)


def _known(error: psycopg.Error) -> DiabanError | None:
    if error.sqlstate in OURS:
        return OURS[error.sqlstate]
    for kinds, answer in KNOWN:
        if isinstance(error, kinds):
            return answer
    # An operational error without a state is a connection that broke or could not be made.
    lost = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
    return UNAVAILABLE if lost else None
