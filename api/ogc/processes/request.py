"""An execute request (18-062r2, 7.11): inputs checked against their schemas, named when they are wrong."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_to_bytes

from jsonschema import Draft202012Validator

from geo.documents import read_json
from geo.errors import InvalidInput, TooLarge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from api.ogc.processes.process import Description, Input

MAX_BODY = 1024**2
MEMBERS = ("inputs", "outputs", "response", "id")
FORMS = ("raw", "document")


@dataclass(frozen=True, slots=True)
class Execute:
    """What is to be done, and in which form it is to be given back.

    ``outputs``: names, each by ``value`` or by ``reference``; an empty request means all of them.
    """

    inputs: dict[str, Any]
    outputs: dict[str, Literal["value", "reference"]]
    form: Literal["raw", "document"]


async def read_execute(request: Request, process: Description) -> Execute:
    """The request's body; ``InvalidInput`` names what is wrong, ``TooLarge`` above 1 MiB."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise InvalidInput("Content-Type", kind, "application/json", "application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge("Yêu cầu vượt quá 1 MiB.", "The request exceeds 1 MiB.")
    try:
        document = read_json(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidInput("body", body[:40].decode(errors="replace"), "một đối tượng JSON", "a JSON object")
    for name in document:
        if name not in MEMBERS:
            raise InvalidInput("body", name, ", ".join(MEMBERS[:3]), ", ".join(MEMBERS[:3]))
    form = document.get("response", "raw")
    if form not in FORMS:
        raise InvalidInput("response", form, "raw | document", "raw | document")
    return Execute(_inputs(document.get("inputs", {}), process), _outputs(document, process), form)


def _inputs(given: object, process: Description) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise InvalidInput("inputs", given, "một đối tượng JSON", "a JSON object")
    for name in given:
        if name not in process.inputs:
            listed = ", ".join(process.inputs)
            raise InvalidInput(str(name)[:80], "", f"chỉ các đầu vào {listed}", f"only the inputs {listed}")
    for name, described in process.inputs.items():
        if described.required and name not in given:
            raise InvalidInput(name, "", "đầu vào bắt buộc", "a required input")
    return {name: _checked(name, value, process.inputs[name]) for name, value in given.items()}


def _checked(name: str, given: object, described: Input) -> Any:  # noqa: ANN401 - JSON
    value = _resolved(name, given, described.schema)
    error = next(iter(Draft202012Validator(described.schema).iter_errors(value)), None)
    if error is not None:
        where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)
        said = json.dumps(described.schema, ensure_ascii=False)
        raise InvalidInput(f"{name}{where}", error.instance, said, said)
    return value


def _resolved(name: str, given: object, schema: Mapping[str, Any]) -> object:
    """A qualified value (``{"value": …}``) or one by reference (``{"href": …}``) as the value itself.

    References are read from ``data:`` addresses (RFC 2397) alone: a server that fetches whatever address it
    is given can be sent into its own network.
    """
    if not isinstance(given, dict) or (schema.get("type") == "object" and "bbox" in given):
        return given
    if "value" in given and set(given) <= {"value", "mediaType", "encoding", "schema"}:
        return given["value"]
    if "href" in given:
        return _data(name, str(given["href"]))
    return given


def _data(name: str, href: str) -> object:
    scheme, _, rest = href.partition(":")
    head, comma, text = rest.partition(",")
    if scheme.lower() == "data" and comma:
        raw = unquote_to_bytes(text)
        try:
            content = base64.b64decode(raw, validate=True) if head.endswith(";base64") else raw
            return read_json(content) if head.startswith("application/json") else content.decode()
        except (ValueError, binascii.Error):
            pass
    raise InvalidInput(
        name,
        href,
        "địa chỉ data: (RFC 2397); máy chủ không tự mở địa chỉ khác",
        "a data: address (RFC 2397); the server opens no others",
    )


def _outputs(document: Mapping[str, Any], process: Description) -> dict[str, Literal["value", "reference"]]:
    given = document.get("outputs") or {name: {} for name in process.outputs}
    if not isinstance(given, dict):
        raise InvalidInput("outputs", given, "một đối tượng JSON", "a JSON object")
    found: dict[str, Literal["value", "reference"]] = {}
    for name, wanted in given.items():
        mode = wanted.get("transmissionMode", "value") if isinstance(wanted, dict) else None
        if name not in process.outputs:
            listed = ", ".join(process.outputs)
            raise InvalidInput("outputs", name, listed, listed)
        if mode not in ("value", "reference"):
            raise InvalidInput(f"outputs.{name}", wanted, "value | reference", "value | reference")
        found[name] = mode
    return found
