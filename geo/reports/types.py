"""Value types of citizens' reports. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from geo.types import LonLat


@dataclass(frozen=True, slots=True)
class NewReport:
    """A checked report as it was sent: with a position, or with an address in words alone.

    ``photo`` is a name given by :class:`geo.reports.PhotoStore`; ``chosen_ward`` the identity or code of the
    ward that the reporter chose when asked; ``part``: it is made a child of another report.
    """

    position: LonLat | None
    category: str
    text: str
    address: str | None = None
    chosen_ward: str | None = None
    accuracy_m: float | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    photo: str | None = None
    channel: str = "web"
    part: bool = False


@dataclass(frozen=True, slots=True)
class Retry:
    """Proof that a repeated request is the same one: the client's key, and a hash of what it sent."""

    key: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One step in the life of a report."""

    at: datetime
    status: str


@dataclass(frozen=True, slots=True)
class Incident:
    """The matter that several reports are of: the code of the first, how many they are, where it stands."""

    code: str
    reports: int
    status: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the holder of a tracking code may know: never the text, the place or the sender.

    ``confidence`` is None for reports that were not routed here (imports). ``located``: it has a point.
    ``incident`` is None where nobody else reported the matter.
    """

    code: str
    status: str
    category: str
    received_at: datetime
    ward_code: str | None
    ward_name: str | None
    confidence: str | None
    history: tuple[Event, ...]
    located: bool = True
    incident: Incident | None = None
