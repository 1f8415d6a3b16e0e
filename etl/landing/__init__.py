"""From a file to a dataset that waits, and from there into its layer: what a command or a door calls."""

from etl.landing.prepare import Prepared, Wanted, prepare
from etl.landing.quarantine import export

__all__ = ["Prepared", "Wanted", "export", "prepare"]
