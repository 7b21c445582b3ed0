"""Effects of duties on trade, on the volumes of corridors, and on chains."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from daliz.errors import need

if TYPE_CHECKING:
    from daliz.trade.network_effect import corridor_effect, demand_under, story, talks
    from daliz.trade.policy_effect import Tariff, tariff

__all__ = ["Tariff", "corridor_effect", "demand_under", "story", "talks", "tariff"]

_HOMES = {
    "Tariff": "policy_effect",
    "corridor_effect": "network_effect",
    "demand_under": "network_effect",
    "story": "network_effect",
    "talks": "network_effect",
    "tariff": "policy_effect",
}


def __getattr__(name: str) -> Any:
    """Import a part when it is first used; compiled loops load only where they are needed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'daliz.trade' has no attribute {name!r}")
    if _HOMES[name] != "policy_effect":
        need("numba", "highspy", extra="assign")
    return getattr(importlib.import_module(f"daliz.trade.{_HOMES[name]}"), name)
