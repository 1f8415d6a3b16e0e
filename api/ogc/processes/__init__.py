"""OGC API Processes 1.0 (18-062r2): what the platform does on request, at once or as jobs.

Each process is a module of its own; :mod:`api.ogc.processes.offered` lists them.
"""
