"""What the bench of tiles prints: figures of ours, and each peer's as multiples of them."""

from __future__ import annotations

from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

Answers = dict[tuple[str, int], list[tuple[float, int]]]


def show(case: str, found: dict[str, tuple[float, Answers]]) -> None:
    """Median and p99 ms and mean kB by layer and zoom, and each peer's as multiples of ours."""
    rates = ", ".join(
        f"{name} {sum(map(len, answers.values())) / seconds:,.0f}/s"
        for name, (seconds, answers) in found.items()
    )
    table = Table(title=f"{case}: {rates}")
    for heading in ("layer", "z", *(f"{name} p50/p99 ms, kB" for name in found)):
        table.add_column(heading, justify="right")
    own = found["Diaban"][1]
    for layer, zoom in sorted(own):
        cells = []
        base_ms, _, base_kb = figures(own[layer, zoom])
        for name, (_, answers) in found.items():
            ms, p99, kilobytes = figures(answers[layer, zoom])
            ratio = (
                ""
                if name == "Diaban"
                else f"  ({ms / base_ms:.1f}×, bytes {kilobytes / (base_kb or 1e-3):.1f}×)"
            )
            cells.append(f"{ms:.1f}/{p99:.1f}, {kilobytes:.1f}{ratio}")
        table.add_row(layer, str(zoom), *cells)
    Console(width=160).print(table)


def figures(answers: list[tuple[float, int]]) -> tuple[float, float, float]:
    """Median ms, p99 ms, mean kB."""
    times = [seconds * 1000 for seconds, _ in answers]
    p99 = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
    return median(times), p99, sum(size for _, size in answers) / len(answers) / 1000
