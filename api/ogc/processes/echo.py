"""``echo``: gives back what it was given. For trying a client, a queue, or OGC's own tests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from api.ogc.processes.process import Description, Input, Result
from geo.jobs import Output
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.ogc.processes.process import Ground
    from geo.jobs import Task

PAUSE_MAX_S = 20


class Echo:
    """A message and, if wanted, a pause before it comes back."""

    description = Description(
        id="echo",
        version="1.0.0",
        title=Text(vi="Nhắc lại", en="Echo"),
        description=Text(
            vi="Trả lại nguyên văn điều đã gửi, chờ một lúc nếu muốn. Dùng để thử kết nối và hàng đợi.",
            en="Gives back what was sent, after a pause if wanted. For trying a connection and the queue.",
        ),
        inputs={
            "message": Input(
                Text(vi="Lời nhắn", en="Message"),
                Text(vi="Chữ sẽ được trả lại", en="Text that comes back"),
                {"type": "string", "maxLength": 10_000},
                required=True,
            ),
            "pause": Input(
                Text(vi="Chờ (giây)", en="Pause (seconds)"),
                Text(vi="Chờ bao lâu trước khi trả lại", en="How long to wait before giving it back"),
                {"type": "number", "minimum": 0, "maximum": PAUSE_MAX_S, "default": 0},
            ),
        },
        outputs={"message": Result(Text(vi="Lời nhắn", en="Message"), {"type": "string"})},
    )

    def check(self, inputs: Mapping[str, Any], ground: Ground) -> None:
        """Nothing beyond the schema."""

    async def run(self, task: Task) -> dict[str, Output]:
        """Wait, then give back the message."""
        pause_s = float(task.inputs.get("pause", 0))
        steps = max(1, round(pause_s))
        for step in range(steps):
            task.tell(step * 100 // steps, Text(vi="Đang chờ", en="Waiting"))
            await asyncio.sleep(pause_s / steps)
        return {"message": Output("application/json", task.inputs["message"])}
