"""Who asks: an anonymous caller, or one with claims."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Claims:
    """What a signed-in caller may see.

    ``clearance``: 0 as the public, 1 staff (all rows but the ones of a closed circle), 2 the operation
    centre (every row). ``units``: ward codes whose restricted rows the caller may see.
    """

    subject: str
    clearance: Literal[0, 1, 2]
    units: tuple[str, ...] = ()

    def as_setting(self) -> str:
        """The JSON that policies read from ``diaban.claims``."""
        return json.dumps(
            {"sub": self.subject, "clearance": self.clearance, "units": sorted(self.units)},
            separators=(",", ":"),
        )


@dataclass(frozen=True, slots=True)
class Caller:
    """An anonymous caller reads the public projection; the others the truth, under row-level security."""

    claims: Claims | None = None

    @classmethod
    def anonymous(cls) -> Caller:
        """The caller without a token."""
        return cls(None)

    @property
    def staff(self) -> bool:
        """Whether fields for staff may be shown."""
        return self.claims is not None and self.claims.clearance >= 1

    @property
    def schema(self) -> Literal["pub", "core"]:
        """The schema whose tables this caller reads."""
        return "core" if self.staff else "pub"

    @property
    def policy_class(self) -> str:
        """A key under which answers may be shared: callers of one class see the same rows and fields."""
        if self.claims is None or not self.staff:
            return "public"
        rights = f"{self.claims.clearance}:{','.join(sorted(self.claims.units))}"
        return hashlib.sha256(rights.encode()).hexdigest()[:16]
