"""Compute what the duties of a headline policy do to a corridor, beside the story and the talks."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from daliz.tables.defaults import default_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.studies.brief_plan import DutyPage
    from daliz.studies.volume_cases import VolumeCase
    from daliz.tables import Network
    from daliz.trade import Tariff

DRAWS = 400


@dataclass(frozen=True)
class Duties:
    """Answers about duties.

    Attributes
    ----------
    lead, other
        The headline by SMART and by Armington.
    corridor
        Row of `corridor_effect` of the followed corridor.
    ends
        5th and 95th percentile of its change in tonnes.
    noise_t
        Half the width of the range of its volume in tonnes; NaN where none was computed.
    story, talks
        Rows of the verbs of these names.
    rivals
        Countries whose shares the talks tell.
    """

    lead: Tariff
    other: Tariff
    corridor: dict[str, Any]
    ends: tuple[float, float]
    noise_t: float
    story: list[dict[str, Any]]
    talks: list[dict[str, Any]]
    rivals: tuple[str, ...]


def duty_answers(
    network: Network,
    page: DutyPage | None,
    followed: str,
    volumes: Sequence[VolumeCase],
    step: Callable[[], None],
) -> Duties | None:
    """Compute what a brief tells of duties; None without the policy of the headline or the extra `assign`."""
    policies = network.store["policies"].position
    if (
        page is None
        or page.policy not in policies
        or find_spec("numba") is None
        or find_spec("highspy") is None
    ):
        return None
    from daliz.studies.policy_timeline import corridor_effect, story, talks
    from daliz.trade import tariff

    lead, other = (tariff(network, page.policy, model=m, draws=DRAWS) for m in ("smart", "armington"))
    effect = {e["corridor"]: e for e in corridor_effect(lead)}
    step()
    told = story(network, draws=DRAWS)
    step()
    yielded = talks(network, draws=DRAWS)
    step()
    nothing = {"corridor": followed, "t_before": 0.0, "t_after": 0.0, "change_t": 0.0, "all_kt": float("nan")}
    corridor = effect.get(followed, nothing)
    rivals = default_values(network, "rivals")
    ends, noise = _ends(lead, corridor["change_t"]), _noise(volumes, followed)
    return Duties(lead, other, corridor, ends, noise, told, yielded, rivals)


def _ends(lead: Tariff, change: float) -> tuple[float, float]:
    """Compute the range of the corridor's change; its tonnes move with those of all goods."""
    t = lead.totals()
    low, high = (
        change * t[f"tonnes_{e}"] / t["tonnes"] if t["tonnes"] else float("nan") for e in ("low", "high")
    )
    return low, high


def _noise(volumes: Sequence[VolumeCase], followed: str) -> float:
    """Compute half the width of the range of the corridor's own volume in tonnes."""
    rows = (r for c in volumes[:1] for r in c.ranges if r["corridor"] == followed)
    return next((1e3 * (r["kt_high"] - r["kt_low"]) / 2 for r in rows), float("nan"))
