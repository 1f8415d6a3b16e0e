"""Files into batches of rows, parsed in a confined worker process.

Callers use :func:`open_source` (what the file is), :func:`batches` (its rows) and :class:`Refused`.
"""

from etl.sources.reading import batches, open_source
from etl.sources.refusal import Refused

__all__ = ["Refused", "batches", "open_source"]
