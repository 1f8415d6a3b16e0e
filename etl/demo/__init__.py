"""The demonstration province: real names and codes of units, everything else invented, always the same.

:func:`load` puts it into a database; the modules beside it make the rows and do no input or output.
"""

from etl.demo.loading import DemoSummary, load

__all__ = ["DemoSummary", "load"]
