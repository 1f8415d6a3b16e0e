"""Shapes of a file made fit for a layer: checked, mended by name and count, or refused with the reason."""

from etl.geometry.clean import CHANGED_SHARE, Cleaned, Cleaner
from etl.geometry.repairs import Repair, Tally

__all__ = ["CHANGED_SHARE", "Cleaned", "Cleaner", "Repair", "Tally"]
