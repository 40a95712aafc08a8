"""Two values that stand for no value."""

from __future__ import annotations

import enum
from typing import Final, Literal


class Sentinel(enum.Enum):
    """What `UNSET` and `ANY` are instances of."""

    UNSET = "UNSET"
    ANY = "ANY"

    def __repr__(self) -> str:
        """The name under which it is imported."""
        return self.name


UNSET: Final = Sentinel.UNSET
"""An argument that is not given: the member it is for stays as it is. `None` clears it."""

ANY: Final = Sentinel.ANY
"""Instead of a version: write whatever version the thing has, even over a change that was not seen."""

Unset = Literal[Sentinel.UNSET]
AnyVersion = Literal[Sentinel.ANY]
