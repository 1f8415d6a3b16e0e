"""Every pattern of ``etl`` on long hostile texts; prints those that are slow. A process of its own: a pattern
that never ends cannot be interrupted in the one that tests."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import etl

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARS = 5_000
# Seconds of the processor for a pattern on one text: linear ones take a thousandth of it.
BOUND_S = 0.5
PARTS = (
    "a", "ấ", "_", " ", "\t", "\n", "1", "-", "(", "<", ",", ";", "/", "N", "°", "a ", "a\n", "1 ", "1,",
    "1.", "a:", "(1", "10'", "N1", "1-", "_20", "AAA+", "AAA 1 ", "<!--", "<a ", "@1.1,", "ngay ", "thua ",
    " , ", "dien tich 1", "kinh tuyen ", "loai dat ", "https://", "Tờ số ", "40 - ", "1.1.",
)  # fmt: skip


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """All that stand in modules, alone or in tuples and dictionaries; each once."""
    seen: set[tuple[object, int]] = set()
    for module in pkgutil.walk_packages(etl.__path__, "etl."):
        left = list(vars(importlib.import_module(module.name)).items())
        while left:
            name, value = left.pop()
            if isinstance(value, dict):
                left += [(name, each) for each in value.values()]
            elif isinstance(value, tuple | list):
                left += [(name, each) for each in value]
            elif isinstance(value, re.Pattern) and (value.pattern, value.flags) not in seen:
                seen.add((value.pattern, value.flags))
                yield f"{module.name}.{name}", value


def main() -> int:
    """The slow ones, one a line; how many patterns there are."""
    count = 0
    for name, pattern in patterns():
        count += 1
        for part in PARTS:
            text: Any = (part * CHARS)[:CHARS] + "!"
            text = text if isinstance(pattern.pattern, str) else text.encode()
            print(f"{name} {part!r}", file=sys.stderr, flush=True)
            before = time.process_time()
            pattern.search(text)
            pattern.fullmatch(text)
            took = time.process_time() - before
            if took > BOUND_S:
                print(f"SLOW {name} {part!r} {took:.2f} s")
    print(f"PATTERNS {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
