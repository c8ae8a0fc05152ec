"""External connections: registries beside the public ones, and changes to those."""

import base64
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from mirror.config.values import Address, Hosts, Proxy, Secret

FormatName = Literal["npm", "pypi", "maven", "nuget", "cargo", "ruby", "swift"]
"""Formats of which other people have registries; generic packages come from nowhere else."""

PUBLIC: Final[Mapping[str, FormatName]] = MappingProxyType(
    {
        "public:npmjs": "npm",
        "public:pypi": "pypi",
        "public:nuget-org": "nuget",
        "public:maven-central": "maven",
        "public:maven-googleandroid": "maven",
        "public:maven-gradleplugins": "maven",
        "public:maven-commonsware": "maven",
        "public:maven-clojars": "maven",
        "public:ruby-gems-org": "ruby",
        "public:crates-io": "cargo",
    }
)
"""CodeArtifact's external connections (API contract §14) and what they speak."""

_SHAPES = ({"bearer"}, {"username", "password"}, {"header"})


class Section(BaseModel):
    """One mapping of the file. Each field's docstring is its description, with unit and reason."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class Credentials(Section):
    """What a connection shows its registry: a token, a name with its password, or a whole header."""

    bearer: Secret | None = None
    """A token, sent as `Authorization: Bearer …`."""

    username: Secret | None = None
    """The user name of `Authorization: Basic …`; goes with `password`."""

    password: Secret | None = None
    """The password of `Authorization: Basic …`; goes with `username`."""

    header: Secret | None = None
    """The whole value of the Authorization header, for a registry with a scheme of its own."""

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        given = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if given not in _SHAPES:
            raise ValueError("expected 'bearer', or 'username' and 'password', or 'header'")
        return self

    def authorization(self) -> str:
        """The Authorization header's value in the clear: for the connection's own origin only."""
        if self.bearer is not None:
            return f"Bearer {self.bearer.get_secret_value()}"
        if self.username is not None and self.password is not None:
            pair = f"{self.username.get_secret_value()}:{self.password.get_secret_value()}"
            return "Basic " + base64.b64encode(pair.encode()).decode()
        return self.header.get_secret_value() if self.header is not None else ""


def _no_credentials(written: Any) -> Any:
    return None if written == "none" else written


class Connection(Section):
    """An external connection: one more registry, or changes to a public one."""

    format: FormatName | None = None
    """What the registry speaks; may be left out for a public connection, which is known."""

    url: Address | None = None
    """The registry's base address; may be left out for a public connection, to keep its own."""

    hosts: Hosts = ()
    """Further hosts that its files may come from (`host`, `host:port`, `*.suffix`); no others are."""

    auth: Annotated[Credentials | None, BeforeValidator(_no_credentials)] = None
    """How we say who we are, or none. Sent to the host of `url` only."""

    proxy: Proxy | None = None
    """The address of an HTTP proxy to go through; secret because it may carry a password."""
