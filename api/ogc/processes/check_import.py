"""``check-import``: what would become of a file in a layer. Nothing is kept and nothing is changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from api.imports import files
from api.imports.job import ImportJob, subject
from api.ogc.processes.process import Description, Input, Result
from api.rights import for_staff
from etl.landing.prepare import discard
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.ogc.processes.process import Ground
    from geo.jobs import Output, Task

TEXT = {"type": "string", "maxLength": 400}
DAY = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
PAIRS = {"type": "object", "additionalProperties": TEXT, "maxProperties": 200}
ANSWERS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("inner_layer", "crs", "encoding", "scheme"), TEXT),
        **dict.fromkeys(("valid_from", "gone_from"), DAY),
        **dict.fromkeys(("columns", "constants"), PAIRS),
    },
}


class CheckImport:
    """Reads an uploaded file as an import would, and forgets what it read."""

    description = Description(
        id="check-import",
        version="1.0.0",
        title=Text(vi="Kiểm tra tệp trước khi nạp", en="Check a file before it is imported"),
        description=Text(
            vi="Đọc tệp đã gửi (POST /api/imports) đúng như khi nạp vào lớp và trả báo cáo: hệ toạ độ, bảng"
            " mã, cột, dòng không nhận được và lý do, khác gì so với lớp. Không giữ lại, không đổi gì. Dành"
            " cho cán bộ.",
            en="Reads an uploaded file (POST /api/imports) as an import into its layer would, and reports:"
            " CRS, encoding, columns, rows that cannot be taken and why, what differs from the layer. Keeps"
            " and changes nothing. For staff.",
        ),
        inputs={
            "import": Input(
                Text(vi="Mã lần gửi tệp", en="Import"),
                Text(vi="Mã mà POST /api/imports đã trả", en="The id that POST /api/imports gave"),
                {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                required=True,
            ),
            "mode": Input(
                Text(vi="Cách nạp", en="Mode"),
                Text(
                    vi="Cập nhật, chỉ thêm, hoặc thay cả lớp", en="Update, append only, or replace the layer"
                ),
                {"type": "string", "enum": ["update", "append", "replace"], "default": "update"},
            ),
            "answers": Input(
                Text(vi="Trả lời các câu tệp để ngỏ", en="Answers"),
                Text(
                    vi="Như báo cáo hỏi: crs, encoding, columns …",
                    en="As the report asks: crs, encoding, columns …",
                ),
                ANSWERS,
            ),
        },
        outputs={"report": Result(Text(vi="Báo cáo", en="Report"), {"type": "object"})},
        modes=("async-execute",),
    )

    def check(self, inputs: Mapping[str, Any], ground: Ground) -> None:
        """For members of staff."""
        for_staff(ground.caller)

    async def run(self, task: Task) -> dict[str, Output]:
        """Read the file, report, forget."""
        upload = files.read(task.settings, task.inputs["import"], subject(task.caller))
        step = {
            "step": "read",
            "path": str(files.folder(task.settings, upload.id) / "files" / upload.main),
            "layer": upload.layer,
            "mode": task.inputs.get("mode", "update"),
            "answers": task.inputs.get("answers", {}),
            "former": None,
        }
        report = (await ImportJob().run(replace(task, inputs=step)))["report"]
        number = report.value.get("dataset")
        if number is not None:
            await asyncio.to_thread(discard, task.settings, number)
        return {"report": replace(report, value={**report.value, "dataset": None})}
