"""AWS Signature Version 4: what a request claims, whether that is true, and signing (§2). Pure.

Section numbers are those of auth-and-policy.
"""

from mirror.auth.signatures.claims import Claim, SignedRequest, claim_of
from mirror.auth.signatures.presented import PARAMETERS
from mirror.auth.signatures.refusals import SignatureRefused
from mirror.auth.signatures.signing import sign

__all__ = ["PARAMETERS", "Claim", "SignatureRefused", "SignedRequest", "claim_of", "sign"]
