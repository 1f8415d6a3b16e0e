"""What each layer is: one folder a layer (data only), and the two modules that read the folders.

Callers use :func:`layers.registry.load` and the types of :mod:`layers.description`; nothing else is public.
"""
