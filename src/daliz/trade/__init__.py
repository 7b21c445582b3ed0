"""Effects of duties on trade."""

from daliz.trade.policy_effect import Tariff, tariff

__all__ = ["Tariff", "tariff"]
