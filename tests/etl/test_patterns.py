"""Patterns meet cells of strangers: none may take more than a moment, whatever the text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from etl.attributes.codes import CodeReader
from etl.attributes.wrong import Wrong
from etl.sources.coordinates import number, pair, ring_of
from layers.registry import load

ROOT = Path(__file__).parents[2]


def test_every_pattern_answers_hostile_texts_at_once() -> None:
    probe = [sys.executable, "-m", "tests.etl.patterns_probe"]
    try:
        done = subprocess.run(probe, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired as hung:
        pytest.fail("hangs: " + (hung.stderr or b"").decode().rstrip().rpartition("\n")[2])
    assert done.returncode == 0, done.stderr[-500:]
    assert "SLOW" not in done.stdout, done.stdout
    assert int(done.stdout.rpartition("PATTERNS ")[2]) > 60


def test_a_pattern_that_backtracks_is_seen() -> None:
    slow = (
        "import re; from tests.etl import patterns_probe as p; "
        "p.patterns = lambda: [('slow', re.compile('(?:a+)+b'))]; p.PARTS, p.CHARS = ('a',), 25; p.main()"
    )
    called = [sys.executable, "-c", slow]
    done = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert "SLOW slow" in done.stdout


def test_long_cells_are_no_short_values() -> None:
    assert ring_of("Hợp tác xã dịch vụ nông nghiệp Tân Bình\nẤp ba\nXã Tân") is None
    assert ring_of("a" * 40 + "\nb\nc") is None
    assert number("1" * 100_000) is None and pair("1 " * 100_000) is None
    layer = load()["land_use"]
    read = CodeReader(layer.codes["land_use_codes"], several=True)
    for text in ("_" * 100_000, "LUC " * 50_000, "(" * 100_000):
        with pytest.raises(Wrong):
            read(text)
        assert read.combined(text) is None
