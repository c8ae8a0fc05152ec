"""Who may do what, with the reason for every refusal."""

import pytest

from mirror.auth.access import DELETE, PUBLISH, PUT_METADATA, READ, Access
from mirror.errors import Refused, Unauthenticated
from mirror.model import Package
from mirror.store.domains import Repository
from mirror.store.users import Principal

MAIN = Repository(1, "default", "000000000000", "main", "000000000000", None, (), None)
BOB = Principal(1, "000000000000", "bob")
READER = Principal(1, "000000000000", "bob", read_only=True)
PACKAGE = Package("npm", "acme", "left-pad")


@pytest.mark.parametrize("anonymous", ["read", "none"])
@pytest.mark.parametrize("action", [READ, PUBLISH, PUT_METADATA, DELETE])
def test_a_user_may_do_everything(anonymous, action) -> None:
    Access(anonymous).check(BOB, action, MAIN, PACKAGE)


def test_reading_without_a_name_can_be_switched_off() -> None:
    Access("read").check(None, READ, MAIN)
    with pytest.raises(Unauthenticated) as caught:
        Access("none").check(None, READ, MAIN)
    assert not caught.value.presented
    assert str(caught.value) == (
        "ReadFromRepository on repository 'main' needs a token: make one with 'mirror token create'"
    )


@pytest.mark.parametrize("anonymous", ["read", "none"])
@pytest.mark.parametrize("action", [PUBLISH, PUT_METADATA, DELETE])
def test_changing_is_never_anonymous(anonymous, action) -> None:
    with pytest.raises(Unauthenticated):
        Access(anonymous).check(None, action, MAIN, PACKAGE)


@pytest.mark.parametrize(("package", "named"), [(PACKAGE, "npm/acme/left-pad"), (None, "main")])
def test_a_read_only_token(package, named) -> None:
    access = Access("none")
    access.check(READER, READ, MAIN)
    with pytest.raises(Refused) as caught:
        access.check(READER, PUBLISH, MAIN, package)
    assert not isinstance(caught.value, Unauthenticated)
    assert str(caught.value) == (
        "arn:aws:iam::000000000000:user/bob is not authorized to perform"
        f" codeartifact:PublishPackageVersion on {named}: its token is read-only"
    )
