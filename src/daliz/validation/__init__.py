"""Hold the model against what has been published."""

from daliz.validation.validate import Score, Validation, validate

__all__ = ["Score", "Validation", "validate"]
