"""The way to the database: who asks (:class:`Caller`), through which role (:class:`Database`), and what."""

from geo.database.caller import Caller, Claims
from geo.database.connection import Connection, Named
from geo.database.pools import Database

__all__ = ["Caller", "Claims", "Connection", "Database", "Named"]
