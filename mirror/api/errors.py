"""The error tree in the words of the API: modelled codes, statuses and members (§16). Pure."""

from mirror.auth.signatures import SignatureRefused
from mirror.errors import Invalid, MirrorError, Storage, Upstream
from mirror.formats.generic.errors import envelope, refuse
from mirror.formats.intents import Reply
from mirror.formats.refusals import sentence_of

PARSE = "CANNOT_PARSE"
FIELD = "FIELD_VALIDATION_FAILED"
OPERATION = "UNKNOWN_OPERATION"
KEY = "ENCRYPTION_KEY_ERROR"
OTHER = "OTHER"


class Rejected(Invalid):
    """Input that the API's rules forbid; `reason` is one of the model's five."""

    def __init__(self, message: str, reason: str = OTHER) -> None:
        super().__init__(message)
        self.reason = reason


def refusal(error: MirrorError) -> Reply:
    """Any error as the envelope that SDKs turn into their typed exceptions."""
    match error:
        case SignatureRefused():
            status = 400 if error.code.startswith("Incomplete") else 403
            return envelope(status, error.code, sentence_of(error))
        case Invalid():
            members = {"reason": getattr(error, "reason", OTHER)}
            return envelope(400, "ValidationException", sentence_of(error), members)
        case Storage() | Upstream():  # the model knows one kind of failure that may pass
            return envelope(500, "InternalServerException", sentence_of(error))
    return refuse(error)


def internal(request_id: str) -> Reply:
    """What a caller learns of our own mistakes."""
    message = f"internal error; the log knows more under request {request_id}"
    return envelope(500, "InternalServerException", message)
