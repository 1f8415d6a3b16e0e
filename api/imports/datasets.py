"""``/api/datasets``: what has landed, from which file, when and by whom."""

from __future__ import annotations

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from api.caching import NOT_KEPT
from api.deps import Db, Who
from api.rights import for_staff

router = APIRouter(tags=["imports"])

NAMES = (
    "id", "layer", "state", "mode", "source_name", "sha256", "crs", "operation", "encoding", "counts",
    "actor", "at", "rolled_back_at", "rolled_back_by",
)  # fmt: skip
LANDED = """
SELECT id, layer, state, mode, source_name, sha256, crs, operation, encoding, counts, actor,
       coalesce(stamp, created_at), rolled_back_at, rolled_back_by
  FROM ops.dataset
 WHERE state IN ('landed', 'rolled_back') AND (%s::text IS NULL OR layer = %s)
 ORDER BY id DESC LIMIT 100
"""


@router.get("/api/datasets", summary="Các bộ dữ liệu đã nạp")
async def datasets(
    who: Who, db: Db, layer: str | None = Query(None, description="Tên lớp / layer")
) -> JSONResponse:
    """Datasets that landed or were undone, newest first; for staff."""
    for_staff(who)
    async with db.read(who) as connection:
        rows = await (await connection.execute(LANDED, [layer, layer])).fetchall()
    listed = [
        {name: v.isoformat() if hasattr(v, "isoformat") else v for name, v in zip(NAMES, row, strict=True)}
        for row in rows
    ]
    return JSONResponse({"datasets": listed}, headers=NOT_KEPT)
