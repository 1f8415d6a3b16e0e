"""Kiểm tra sự tuân thủ OGC API · check conformance to OGC API.

Không có URL: chính mã nguồn này, trên dữ liệu tự tạo; có URL: máy chủ ở đó, của bất kỳ ai.
--suites DIR: thêm bộ kiểm thử chính thức của OGC (Java 17), nếu trong DIR có các tệp ets-ogcapi-*-aio.jar.
--fuzz N: thử thêm N yêu cầu ngẫu nhiên theo tài liệu OpenAPI.
Without URL: this code on data of its own; with URL: the server there, whoever's.
--suites DIR: OGC's own suites too (Java 17), where their jars ets-ogcapi-*-aio.jar lie in DIR.
--fuzz N: N requests more, generated from the OpenAPI documents.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bootstrap.paths import TOOLS
from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    import argparse

NEEDS = ("python", "postgres")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("url", nargs="?", metavar="URL", help="trang đầu của máy chủ · a landing page")
    parser.add_argument("--process", metavar="ID", help="quy trình lặp lại đầu vào · a process that echoes")
    parser.add_argument("--token", metavar="TOKEN", help="mã truy cập, để thấy việc của mình · for jobs")
    parser.add_argument("--suites", metavar="DIR", type=Path, help="thư mục chứa ets-ogcapi-*-aio.jar")
    parser.add_argument("--fuzz", metavar="N", type=int, default=0, help="số yêu cầu ngẫu nhiên · requests")


def run(options: argparse.Namespace) -> int:
    """Print the table of classes; 1 where a test failed."""
    from cli import conformance, ogc_suites

    if options.suites and not options.url:
        raise Stop(
            "Bộ kiểm thử của OGC cần URL của một máy chủ đang chạy.",
            "OGC's suites need the URL of a running server.",
        )
    more = [f"--server={options.url}"] if options.url else []
    more += [f"--process={options.process}"] if options.process else []
    more += [f"--token={options.token}"] if options.token else []
    report = TOOLS / "test" / "conformance.xml"
    rows = conformance.run(["tests/conformance", *more], report)
    if options.suites:
        rows |= ogc_suites.run(options.suites, options.url, TOOLS / "test" / "ets")
    code = conformance.show(rows)
    if options.fuzz:
        if options.url:
            raise Stop("--fuzz chỉ thử chính mã nguồn này.", "--fuzz tries this code only.")
        os.environ["DIABAN_FUZZ_REQUESTS"] = str(options.fuzz)
        # -s: how many requests were made, and what was answered, is printed.
        code |= conformance.pytest(["-s", "tests/api/test_openapi_fuzz.py"], TOOLS / "test" / "fuzz.xml")
    sys.stdout.flush()
    return code
