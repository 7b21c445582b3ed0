"""Comparison of the model with published observations."""

from daliz.validation.tuning import Tuned, best_tuned
from daliz.validation.validate import Score, Validation, validate

__all__ = ["Score", "Tuned", "Validation", "best_tuned", "validate"]
