"""What the doors of reports take, for the OpenAPI document; :mod:`geo.reports.check` and others judge it."""

from __future__ import annotations

from typing import Any

FIELDS: dict[str, dict[str, Any]] = {
    "lon": {"type": "number", "description": "Kinh độ WGS 84 / longitude"},
    "lat": {"type": "number", "description": "Vĩ độ WGS 84 / latitude"},
    "category": {"type": "string", "description": "GET /api/reports/categories"},
    "text": {"type": "string", "minLength": 10, "maxLength": 1000},
    "accuracy_m": {"type": "number", "minimum": 0, "maximum": 10000},
    "address": {
        "type": "string",
        "maxLength": 300,
        "description": "Khi không có vị trí / without a position",
    },
    "chosen_ward": {
        "type": "string",
        "description": "Xã, phường người gửi chọn / the ward chosen when asked",
    },
    "channel": {"type": "string", "description": "Cán bộ tiếp nhận / for staff who take a report down"},
    "contact_name": {"type": "string", "maxLength": 120},
    "contact_phone": {"type": "string", "maxLength": 30},
}
SCHEMA = {"type": "object", "required": ["category", "text"], "properties": FIELDS}
PHOTO = {"photo": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP ≤ 10 MB"}}
REPORT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {**SCHEMA, "properties": {**FIELDS, **PHOTO}}},
            "application/json": {"schema": SCHEMA},
        },
    }
}


def json_body(*required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """``openapi_extra`` of a door that takes a JSON object of these properties."""
    schema = {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


REASON = {"type": "string", "minLength": 5, "maxLength": 500, "description": "Lý do / why"}
CODE = {"type": ["string", "null"], "maxLength": 60}
ROUTE_BODY = json_body(
    "reason",
    reason=REASON,
    body={"type": "string", "description": "GET /api/routing/bodies"},
    unit={"type": "string", "description": "Mã 5 số của xã, phường / the ward's code"},
    refuse={"const": True, "description": "Trả lại, không thuộc thẩm quyền / not competent"},
    lon=FIELDS["lon"],
    lat=FIELDS["lat"],
    category=FIELDS["category"],
)
STEP_BODY = json_body("status", "reason", status={"type": "string"}, reason=REASON)
READ_BODY = json_body("reason", reason=REASON)
LINK_BODY = json_body("incident", "reason", incident=CODE, reason=REASON)
PART_BODY: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": SCHEMA}}}
}
