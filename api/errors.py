"""Errors as RFC 9457 problem documents: which value, what is allowed, in Vietnamese and English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from fastapi import FastAPI, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from geo import errors

if TYPE_CHECKING:
    from fastapi import Request

MEDIA_TYPE = "application/problem+json"
STATUS: dict[type[errors.DiabanError], int] = {
    errors.InvalidInput: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    # Nobody sees it but the log; nginx's number for the same.
    errors.Left: 499,
    errors.TooCostly: 422,
    errors.Unavailable: 503,
}
TITLES = {
    400: "Yêu cầu không hợp lệ",
    401: "Chưa xác thực",
    403: "Không có quyền",
    404: "Không tìm thấy",
    405: "Phương thức không được phép",
    406: "Không có dạng được yêu cầu",
    409: "Xung đột",
    412: "Dữ liệu đã đổi",
    413: "Dữ liệu quá lớn",
    415: "Kiểu dữ liệu không được nhận",
    422: "Câu hỏi quá tốn kém",
    428: "Cần điều kiện If-Match",
    429: "Quá nhiều yêu cầu",
    500: "Lỗi máy chủ",
    503: "Tạm thời chưa phục vụ được",
}
log = structlog.get_logger()


def problem(status: int, vi: str, en: str, **more: Any) -> JSONResponse:  # noqa: ANN401
    """A problem document; ``more`` may hold parameter, value, allowed, allowed_en."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    title = TITLES.get(status, "Lỗi")
    body = {"type": "about:blank", "title": title, "status": status, "detail": vi, "detail_en": en}
    return JSONResponse({**body, **more, "request_id": request_id}, status, media_type=MEDIA_TYPE)


def problem_of(error: errors.DiabanError, **more: Any) -> JSONResponse:  # noqa: ANN401
    """The document of one of ours; ``more`` as for :func:`problem`."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 500)
    if isinstance(error, errors.InvalidInput):
        more |= {
            "parameter": error.parameter,
            "value": error.value,
            "allowed": error.allowed_vi,
            "allowed_en": error.allowed_en,
        }
    response = problem(status, error.vi, error.en, **more)
    if isinstance(error, errors.TooMany):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response.headers["Retry-After"] = "5"
    return response


def install(app: FastAPI) -> None:
    """Answer every error of the application with a problem document."""
    app.add_exception_handler(errors.DiabanError, _known)
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _defect)


async def _known(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.DiabanError)  # noqa: S101 - what the handler is registered for
    return problem_of(error)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException | HTTPException)  # noqa: S101
    path = request.url.path[:200]
    texts = {
        404: (f"Không có gì ở địa chỉ {path}.", f"There is nothing at {path}."),
        405: (f"Địa chỉ {path} không nhận {request.method}.", f"{path} does not take {request.method}."),
    }
    vi, en = texts.get(error.status_code, (str(error.detail), str(error.detail)))
    response = problem(error.status_code, vi, en)
    response.headers.update(error.headers or {})
    return response


async def _validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"][1:]) or "body"
    message = str(first["msg"])
    return problem_of(errors.InvalidInput(name, first.get("input", ""), message, message))


async def _defect(request: Request, error: Exception) -> JSONResponse:
    return defect(request, error)


def defect(request: Request, error: Exception) -> JSONResponse:
    """The answer where we are wrong ourselves; the log says how."""
    log.error("defect", path=request.url.path, error=type(error).__name__, exc_info=error)
    return problem(
        500,
        "Máy chủ gặp lỗi. Lỗi đã được ghi lại; xin báo mã yêu cầu bên dưới.",
        "The server failed. The failure was recorded; please report the request id below.",
    )
