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
    match error:
        case pg.QueryCanceled():
            return TooCostly(
                "Câu hỏi cần quá nhiều thời gian. Xin thu hẹp vùng, thời gian hoặc bộ lọc.",
                "The question takes too long. Narrow the area, the time or the filter.",
            )
        case pg.UniqueViolation() | pg.ExclusionViolation():
            return Conflict("Dữ liệu này đã có.", "This is there already.")
        case pg.ForeignKeyViolation() | pg.CheckViolation() | pg.NotNullViolation():
            return Conflict("Dữ liệu không thoả quy định của lớp.", "The data break a rule of the layer.")
        case pg.SerializationFailure() | pg.DeadlockDetected() | pg.LockNotAvailable():
            return Conflict("Có người khác vừa sửa. Xin thử lại.", "Someone else changed it. Try again.")
        case pg.InsufficientPrivilege():
            return Forbidden("Không có quyền với dữ liệu này.", "No right to these data.")
        case PoolTimeout() | pg.TooManyConnections() | pg.AdminShutdown() | pg.CannotConnectNow():
            return UNAVAILABLE
        case psycopg.OperationalError() if error.sqlstate is None:
            return UNAVAILABLE
    return None
