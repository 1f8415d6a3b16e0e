"""The documents of OGC API Processes 1 (18-062r2, clauses 7.8 to 7.14) as JSON Schema."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
LINK: Schema = {
    "type": "object",
    "required": ["href"],
    "properties": {"href": TEXT, "rel": TEXT, "type": TEXT},
}
LINKS: Schema = {"type": "array", "items": LINK}
MODES: Schema = {"type": "array", "items": {"enum": ["sync-execute", "async-execute", "dismiss"]}}
TRANSMISSION: Schema = {"type": "array", "items": {"enum": ["value", "reference"]}}
VALUE_TYPES = ["array", "boolean", "integer", "number", "object", "string"]

EXCEPTION: Schema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "instance": TEXT,
    },
}
SUMMARY: Schema = {
    "type": "object",
    "required": ["id", "version"],
    "properties": {
        "id": TEXT,
        "version": TEXT,
        "title": TEXT,
        "description": TEXT,
        "jobControlOptions": MODES,
        "outputTransmission": TRANSMISSION,
        "links": LINKS,
    },
}
PROCESS_LIST: Schema = {
    "type": "object",
    "required": ["processes", "links"],
    "properties": {"processes": {"type": "array", "items": SUMMARY}, "links": LINKS},
}
# What describes a value: a type, a reference, or schemas of which one or all hold.
VALUE: Schema = {
    "type": "object",
    "anyOf": [{"required": [name]} for name in ("type", "$ref", "oneOf", "allOf", "anyOf", "enum", "format")],
    "properties": {"type": {"enum": VALUE_TYPES}},
}
INPUT: Schema = {
    "type": "object",
    "required": ["schema"],
    "properties": {
        "title": TEXT,
        "description": TEXT,
        "schema": VALUE,
        "minOccurs": {"type": "integer", "minimum": 0},
        "maxOccurs": {"oneOf": [{"type": "integer"}, {"enum": ["unbounded"]}]},
    },
}
PROCESS: Schema = {
    **SUMMARY,
    "properties": {
        **SUMMARY["properties"],
        "inputs": {"type": "object", "additionalProperties": INPUT},
        "outputs": {"type": "object", "additionalProperties": INPUT},
    },
}
STATUS: Schema = {
    "type": "object",
    "required": ["jobID", "status", "type"],
    "properties": {
        "jobID": TEXT,
        "processID": TEXT,
        "type": {"enum": ["process"]},
        "status": {"enum": ["accepted", "running", "successful", "failed", "dismissed"]},
        "message": TEXT,
        "created": {"type": "string", "format": "date-time"},
        "started": {"type": "string", "format": "date-time"},
        "finished": {"type": "string", "format": "date-time"},
        "updated": {"type": "string", "format": "date-time"},
        "progress": {"type": "integer", "minimum": 0, "maximum": 100},
        "links": LINKS,
    },
}
JOB_LIST: Schema = {
    "type": "object",
    "required": ["jobs", "links"],
    "properties": {"jobs": {"type": "array", "items": STATUS}, "links": LINKS},
}
