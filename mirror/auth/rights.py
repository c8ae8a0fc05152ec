"""Every policy and tag of the installation, read and parsed again only after one changed."""

import logging
from collections.abc import Mapping, Sequence

from mirror.auth.policies.documents import Kind, parse_policy
from mirror.auth.policies.evaluation import Attached, attach
from mirror.auth.policies.managed import managed
from mirror.auth.policies.statements import Policy
from mirror.errors import Invalid, Storage
from mirror.store.changes import Changes
from mirror.store.database import Database
from mirror.store.rights import given

_DENY = '{"Statement": {"Effect": "Deny", %s"Action": "*", "Resource": "*"}}'
UNREADABLE = {
    "identity": parse_policy(_DENY % "", "identity"),
    "resource": parse_policy(_DENY % '"Principal": "*", ', "resource"),
}
"""In place of a policy that cannot be read: what it would have denied must stay denied."""

log = logging.getLogger(__name__)


class Rights:
    """Who was given what. `version` tells one state from another."""

    def __init__(self, database: Database, changes: Changes, region: str) -> None:
        self._database = database
        self._changes = changes
        self._region = region
        self.version = -1
        self._identity: Mapping[int, Sequence[Attached]] = {}
        self._resources: Mapping[str, Attached] = {}
        self._tags: Mapping[str, Mapping[str, str]] = {}

    @property
    def current(self) -> bool:
        """Whether nothing changed since the last `refresh`."""
        return self.version == self._changes.everything

    async def refresh(self) -> None:
        """Read everything again if anything changed.

        Raises `Storage` where policies or tags are of another region than the configured one: no
        ARN of today would find them, and what they deny would be allowed.
        """
        if self.current:
            return
        seen = self._changes.everything  # before reading: a change meanwhile is read next time
        found = await given(self._database)
        for arn in (*found.resources, *found.tags):
            region = arn.split(":")[3]
            if region != self._region:
                raise Storage(
                    f"policies and tags here are of region '{region}', the settings say "
                    f"'{self._region}': write 'region: {region}'"
                )
        self._identity = {
            principal: [Attached(_identity(name, text), name) for name, text in policies.items()]
            for principal, policies in found.attached.items()
        }
        self._resources = {
            arn: attach(_parsed(text, "resource", arn), arn)
            for arn, text in found.resources.items()
        }
        self._tags = found.tags
        self.version = seen

    def identity(self, principal: int) -> Sequence[Attached]:
        """A principal's own policies."""
        return self._identity.get(principal, ())

    def resource(self, arn: str) -> Attached | None:
        """The policy of a domain or repository."""
        return self._resources.get(arn)

    def tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a domain, repository or package group."""
        return self._tags.get(arn, {})


def _identity(name: str, text: str | None) -> Policy:
    if text is not None:
        return _parsed(text, "identity", name)
    known = managed(name)
    if known is None:
        log.error("there is no managed policy '%s': who has it is denied everything", name)
    return known or UNREADABLE["identity"]


def _parsed(text: str, kind: Kind, name: str) -> Policy:
    try:
        return parse_policy(text, kind)
    except Invalid as error:
        log.error("the policy %s cannot be read, so it denies everything: %s", name, error)  # noqa: TRY400 - the sentence says it
        return UNREADABLE[kind]
