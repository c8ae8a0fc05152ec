"""Why a signature was not accepted: the codes of §2.5, in AWS's words where those are known."""

from mirror.errors import Unauthenticated

MISSING = "MissingAuthenticationTokenException"
INCOMPLETE = "IncompleteSignatureException"
UNRECOGNIZED = "UnrecognizedClientException"
INVALID = "InvalidSignatureException"


class SignatureRefused(Unauthenticated):
    """`code` is the name of AWS's exception. What the client sent is never repeated whole."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message, presented=code != MISSING)
        self.code = code


def missing() -> SignatureRefused:
    """Nobody says who asks."""
    return SignatureRefused(MISSING, "Request is missing Authentication Token")


def incomplete(message: str) -> SignatureRefused:
    """What should say who asks cannot be read."""
    return SignatureRefused(INCOMPLETE, message)


def unrecognized() -> SignatureRefused:
    """No such access key, or one that may not be used; which of them is not told."""
    return SignatureRefused(UNRECOGNIZED, "The security token included in the request is invalid.")


def invalid(message: str) -> SignatureRefused:
    """The signature is readable, and not good for this request at this time."""
    return SignatureRefused(INVALID, message)


def mismatch() -> SignatureRefused:
    """Another secret, or something was changed on the way."""
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check"
        " your AWS Secret Access Key and signing method. Consult the service documentation for"
        " details."
    )
