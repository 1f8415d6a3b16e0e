"""One file a command: docstring for the help, ``arguments``, ``NEEDS`` (what to prepare), ``run``.

The top of each file imports the standard library and ``cli`` only, so that ``--help`` answers before anything
is installed; what lives in the virtual environment is imported inside ``run``.
"""
