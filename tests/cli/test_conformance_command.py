"""./diaban conformance: the table of classes, and how OGC's own suites are started and read."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cli import conformance, ogc_suites
from cli.bootstrap.problem import Stop

if TYPE_CHECKING:
    from pathlib import Path

CASE = '<testcase name="{0}"><properties>{1}</properties>{2}</testcase>'
CLASS = '<property name="class" value="http://www.opengis.net/spec/{0}"/>'
# What a suite does with its arguments, as its documentation says: -o FOLDER FILE, results in testng/<id>/.
SUITE = """
import java.io.*; import java.nio.file.*; import java.util.*;
public class Suite {
  public static void main(String[] a) throws Exception {
    Properties p = new Properties();
    try (InputStream in = new FileInputStream(a[2])) { p.loadFromXML(in); }
    Path out = Paths.get(a[1], "testng", "1"); Files.createDirectories(out);
    int failed = p.getProperty("iut").equals("http://127.0.0.1:9/a&b/") ? 1 : 2;
    Files.writeString(out.resolve("testng-results.xml"),
      "<testng-results ignored='0' total='6' passed='3' failed='" + failed + "' skipped='2'/>");
  }
}
"""


def test_outcomes_are_counted_by_class(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        CASE.format("a", CLASS.format("x/core"), ""),
        CASE.format("b", CLASS.format("x/core"), "<failure/>"),
        CASE.format("c", CLASS.format("x/core"), "<error/>"),
        CASE.format("d", CLASS.format("x/tiles"), '<skipped message="not declared"/>'),
        CASE.format("of our own", "", ""),
    ]
    report = tmp_path / "report.xml"
    report.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
    rows = conformance.read(report)
    assert rows == {"x/core": conformance.Row(1, 2, 0), "x/tiles": conformance.Row(0, 0, 1)}
    assert conformance.show(rows) == 1
    printed = capsys.readouterr().out
    assert "FAIL" in printed and printed.splitlines()[-1].split() == ["1", "2", "1"]


def test_only_a_table_with_passes_and_no_failure_is_good() -> None:
    assert conformance.show({"x": conformance.Row(1, 0, 3)}) == 0
    assert conformance.show({"x": conformance.Row(0, 0, 3)}) == 1
    assert conformance.show({}) == 1


@pytest.mark.skipif(not (shutil.which("javac") and shutil.which("jar")), reason="no Java compiler here")
def test_a_suite_gets_its_properties_and_its_results_are_read(tmp_path: Path) -> None:
    (tmp_path / "Suite.java").write_text(SUITE)
    subprocess.run(["javac", "Suite.java"], cwd=tmp_path, check=True)
    name = "ets-ogcapi-features10-9.9-aio.jar"
    subprocess.run(["jar", "cfe", name, "Suite", "Suite.class"], cwd=tmp_path, check=True)
    rows = ogc_suites.run(tmp_path, "http://127.0.0.1:9/a&b", tmp_path / "out")
    assert rows == {"ets-ogcapi-features10-9.9-aio": conformance.Row(3, 1, 2)}


def test_a_suite_that_leaves_no_result_failed(tmp_path: Path) -> None:
    assert ogc_suites.read(tmp_path) == conformance.Row(failed=1)


def test_without_jars_it_is_said_which_are_needed(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="ets-ogcapi-tiles10"):
        ogc_suites.run(tmp_path, "http://127.0.0.1:9", tmp_path / "out")
