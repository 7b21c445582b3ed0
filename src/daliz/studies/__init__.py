"""Answer questions that join several engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.studies.bypass import ways_round
    from daliz.studies.policy_timeline import corridor_effect, demand_under, story, talks
    from daliz.studies.volume_ranges import corridor_ranges

__all__ = ["corridor_effect", "corridor_ranges", "demand_under", "story", "talks", "ways_round"]

__getattr__ = attribute_getter(
    __name__,
    {
        "corridor_effect": "policy_timeline",
        "corridor_ranges": "volume_ranges",
        "demand_under": "policy_timeline",
        "story": "policy_timeline",
        "talks": "policy_timeline",
        "ways_round": "bypass",
    },
)
