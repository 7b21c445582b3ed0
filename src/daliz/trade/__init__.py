"""Tell what duties do to trade."""

from daliz.trade.policy_effect import Tariff, tariff

__all__ = ["Tariff", "tariff"]
