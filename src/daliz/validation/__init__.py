"""Hold the model against what has been published."""

from daliz.validation.tuning import Tuned, best_tuned
from daliz.validation.validate import Score, Validation, validate

__all__ = ["Score", "Tuned", "Validation", "best_tuned", "validate"]
