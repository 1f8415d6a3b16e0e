"""``/api/imports`` and ``/api/datasets``: files become rows, seen before they land."""
