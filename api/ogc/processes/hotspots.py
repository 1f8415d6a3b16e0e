"""``hotspots``: where reports concentrate, as ``/api/hotspots`` answers it, as a process."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import anyio

from api.hotspots.shown import shown_for
from api.ogc.processes.process import Description, Result, entry
from geo.catalogue import Catalogue
from geo.errors import InvalidInput
from geo.hotspots import RESOLUTIONS
from geo.hotspots.answer import STATES, feature_collection
from geo.hotspots.groups import GROUPS
from geo.jobs import Output
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from api.ogc.processes.process import Ground
    from geo.jobs import Task

FILE = "hotspots.geojson"
CODES = {"type": "array", "items": {"type": "string", "maxLength": 60}, "minItems": 1, "maxItems": 200}
DAY = {"type": "string", "maxLength": 40}
STAFF = ("category", "channel", "ward", "state")


@dataclass(frozen=True, slots=True)
class _Place:
    """What the question keeps its counts in: in a process of its own they are read once and go with it."""

    state: SimpleNamespace = field(default_factory=SimpleNamespace)

    @property
    def app(self) -> _Place:
        return self


class Hotspots:
    """Counts by H3 cell, and for staff their significance; with parameters, method and n."""

    description = Description(
        id="hotspots",
        version="1.0.0",
        title=Text(vi="Điểm nóng phản ánh", en="Hotspots of reports"),
        description=Text(
            vi="Số sự việc và lượt phản ánh theo ô H3, kèm tham số, phương pháp và n. Cán bộ có thể hỏi"
            " mức ý nghĩa (Gi*); công chúng xem theo tháng và nhóm lĩnh vực.",
            en="Incidents and contacts by H3 cell, with parameters, method and n. Staff may ask for"
            " significance (Gi*); the public reads months and groups of categories.",
        ),
        inputs={
            "from": entry("Từ ngày", "From day", DAY),
            "to": entry("Đến ngày (không gồm)", "Until, exclusive", DAY),
            "resolution": entry(
                "Độ phân giải H3",
                "H3 resolution",
                {"type": "integer", "minimum": RESOLUTIONS[0], "maximum": RESOLUTIONS[-1]},
            ),
            "group": entry(
                "Nhóm lĩnh vực (công chúng)", "Group (public)", {"type": "string", "enum": list(GROUPS)}
            ),
            "category": entry("Lĩnh vực (cán bộ)", "Categories (staff)", CODES),
            "channel": entry("Kênh (cán bộ)", "Channels (staff)", CODES),
            "ward": entry("Xã, phường (cán bộ)", "Wards (staff)", CODES),
            "state": entry(
                "Mức ý nghĩa (cán bộ)",
                "States of significance (staff)",
                {**CODES, "items": {"type": "string", "enum": [*STATES.values(), "all"]}},
            ),
        },
        outputs={
            "cells": Result(
                Text(vi="Các ô", en="Cells"), {"type": "object", "contentMediaType": "application/geo+json"}
            )
        },
    )

    def check(self, inputs: Mapping[str, Any], ground: Ground) -> None:
        """What the public may not choose."""
        for name in STAFF:
            if name in inputs and not ground.caller.staff:
                raise InvalidInput(name, inputs[name], "chỉ dành cho cán bộ", "for staff only")

    async def run(self, task: Task) -> dict[str, Output]:
        """Count, and test where that is asked for."""
        given = task.inputs
        listed = {name: ",".join(given[name]) if name in given else None for name in STAFF}
        task.tell(None, Text(vi="Đang đếm", en="Counting"))
        catalogue = Catalogue(task.database)
        await catalogue.refresh()
        shown, parameters = await shown_for(
            cast("Request", _Place()),
            task.database,
            catalogue,
            task.caller,
            given={
                "from": given.get("from"),
                "to": given.get("to"),
                **{name: listed[name] for name in ("category", "channel", "ward")},
                "group": given.get("group"),
            },
            resolution=str(given["resolution"]) if "resolution" in given else None,
            state=listed["state"],
        )
        body = feature_collection(shown, parameters | {"n": shown.totals()})
        await anyio.Path(task.folder / FILE).write_text(body, encoding="utf-8")
        return {"cells": Output("application/geo+json", file=FILE)}
