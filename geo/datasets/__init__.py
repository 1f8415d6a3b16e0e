"""Datasets: what was loaded into a layer, from which file, by whom, and how to have the former state again.

A dataset is staged where no door reads, matched with the layer by the layer's identity, and swapped in in one
transaction. What it replaced is kept row by row until it is forgotten, so that it can be undone exactly.
"""

from geo.datasets.land import land
from geo.datasets.match import match
from geo.datasets.store import Dataset, dataset, datasets
from geo.datasets.types import Difference, Mode, Origin, Plan
from geo.datasets.undo import forget, rollback

__all__ = [
    "Dataset",
    "Difference",
    "Mode",
    "Origin",
    "Plan",
    "dataset",
    "datasets",
    "forget",
    "land",
    "match",
    "rollback",
]
