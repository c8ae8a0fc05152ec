"""Where package managers put a token (auth-and-policy §3.4)."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.auth.credentials import LONGEST, tokens

T = "mirror_T-_0"


def basic(text: str) -> str:
    return f"Basic {b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, []),
        ({"Authorization": ""}, []),
        ({"Authorization": f"Bearer {T}"}, [T]),  # npm, pnpm, yarn, swift
        ({"Authorization": f"bearer   {T} "}, [T]),
        ({"Authorization": f"BEARER {T}"}, [T]),
        ({"Authorization": basic(f"aws:{T}")}, [T]),  # pip, twine, maven, nuget, gem
        ({"Authorization": basic(f"token:{T}")}, [T]),  # swift with netrc
        ({"Authorization": basic(f":{T}")}, [T]),
        ({"Authorization": basic("aws:with:colons")}, ["with:colons"]),
        ({"Authorization": T}, [T]),  # cargo, gem push
        ({"Authorization": f"{basic('aws:old')}, Bearer {T}"}, ["old", T]),  # gem push
        ({"X-NuGet-ApiKey": T}, [T]),
        ({"X-NuGet-ApiKey": f" {T} ", "Authorization": "Bearer a"}, ["a", T]),
        # what cannot be one
        ({"Authorization": f"Digest {T}"}, []),
        ({"Authorization": ", ,"}, []),
        ({"Authorization": "Bearer"}, [""]),
        ({"Authorization": "Basic ****"}, [""]),
        ({"Authorization": "Basic \xe9\xe9\xe9\xe9"}, [""]),
        ({"Authorization": "Basic /////w=="}, [""]),
        ({"Authorization": basic("no colon")}, [""]),
    ],
)
def test_every_form(headers: dict[str, str], expected: list[str]) -> None:
    assert list(tokens(headers)) == expected


def test_only_so_much_is_looked_at() -> None:
    found = list(tokens({"Authorization": "a," * LONGEST, "X-NuGet-ApiKey": "k" * 10 * LONGEST}))
    assert len(found) == LONGEST // 2 + 1
    assert len(found[-1]) == LONGEST


@given(st.text(), st.text())
def test_any_text_is_taken_without_an_error(authorization: str, key: str) -> None:
    assert all(
        isinstance(each, str)
        for each in tokens({"Authorization": authorization, "X-NuGet-ApiKey": key})
    )
