"""How a policy document is refused."""

from typing import Literal

from mirror.errors import Invalid

Reason = Literal["CANNOT_PARSE", "FIELD_VALIDATION_FAILED"]


class PolicyInvalid(Invalid):
    """A document that breaks a rule of the language; `reason` as ValidationException gives it."""

    def __init__(self, message: str, reason: Reason = "FIELD_VALIDATION_FAILED") -> None:
        super().__init__(message)
        self.reason = reason
