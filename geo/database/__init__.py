"""The way to the database: who asks (:class:`Caller`) and through which role (:class:`Database`)."""

from geo.database.caller import Caller, Claims
from geo.database.pools import Database

__all__ = ["Caller", "Claims", "Database"]
