"""The tree of errors: it comes back whole from the worker process, where it may be raised."""

import pickle

import pytest

from mirror import errors
from mirror.upstream.transfer import BrokenPromiseError

SAMPLES = [
    errors.MirrorError("m"),
    errors.NotFound("package", "left-pad"),
    errors.NotFound("version", "1.0.0", "not that one"),
    errors.Refused("no"),
    errors.Unauthenticated("who?", presented=True),
    errors.Blocked("by its group"),
    errors.Conflict("taken", kind="package", name="left-pad"),
    errors.Invalid("wrong"),
    errors.Exceeded("much"),
    errors.Throttled("often", retry_after=2),
    errors.Upstream("u", status=500),
    errors.Unavailable("later", status=503, retry_after=7),
    errors.Misbehaved("html"),
    errors.Storage("disk", full=True),
    BrokenPromiseError("digest"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
def test_it_pickles_with_all_that_it_says(error: errors.MirrorError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_every_kind_has_a_sample() -> None:
    def below(kind: type) -> set[type]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    ours = {each for each in below(errors.MirrorError) if each.__module__ == "mirror.errors"}
    assert ours <= {type(each) for each in SAMPLES}


def test_what_is_missing_names_itself() -> None:
    assert str(errors.NotFound("repository", "main")) == "repository 'main' does not exist"
