"""How people write values: sizes, durations, lists, networks, addresses, secrets.

The YAML file and the environment share these rules, so `64MiB` means the same in both. A message
from here may repeat what was written, so nothing here but `Secret` reads a secret, and it doesn't.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    SecretStr,
    ValidationInfo,
)

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

_BYTES: Mapping[str, int | Decimal] = {
    "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": KIB, "mib": MIB, "gib": GIB, "tib": 1 << 40,
}  # fmt: skip
_SECONDS: Mapping[str, int | Decimal] = {
    "ms": Decimal("0.001"),
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86400,
}
_QUANTITY = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)\s*([A-Za-z]*)", re.ASCII)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _quantity(written: Any, units: Mapping[str, int | Decimal], example: str) -> Any:
    """A number with a unit, in the base unit; what is no text passes on to pydantic's own check."""
    if not isinstance(written, str):
        return written
    match = _QUANTITY.fullmatch(written.strip())
    unit = match[2].lower() if match else ""
    if match is None or (unit and unit not in units):
        raise ValueError(f"expected {example}, found '{written}'")
    return Decimal(match[1]) * units.get(unit, 1)


def spelled(pattern: str, rule: str) -> AfterValidator:
    """Whole texts that match `pattern`; of any other it is said that `rule` was expected."""
    whole = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if whole.fullmatch(text) is None:
            raise ValueError(f"expected {rule}, found '{text}'")
        return text

    return AfterValidator(check)


def _size(written: Any) -> Any:
    # A bare "64M" is refused: half the world's tools read it as 10^6 and the other half as 2^20.
    quantity = _quantity(written, _BYTES, "a size such as 64MiB, 5 GB or a number of bytes")
    return int(quantity) if isinstance(quantity, Decimal) else quantity


def seconds(written: Any) -> Any:
    """Of a duration as people write it; raises `ValueError`. What is no text stays as it is."""
    quantity = _quantity(written, _SECONDS, "a duration such as 500ms, 30s, 5m, 1h or seconds")
    return float(quantity) if isinstance(quantity, Decimal) else quantity


def _items(written: Any) -> Any:
    if isinstance(written, str):
        return [item.strip() for item in written.split(",") if item.strip()]
    return written


def _network(written: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(written))
    except ValueError as error:
        raise ValueError(
            f"expected an address or network such as 10.0.0.0/8, found '{written}' ({error})"
        ) from None


def _path(written: Path) -> Path:
    try:
        return written.expanduser().absolute()
    except RuntimeError:
        raise ValueError(f"the home directory in '{written}' is not known") from None


def _address(written: str) -> str:
    """An http(s) base URL without userinfo (it is logged), query or fragment, nor a final slash."""
    try:
        parts = urlsplit(written)
        known = parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in {"http", "https"} or re.search(r"\s", written):
        raise ValueError("expected an address such as https://registry.example.com/path")
    if "@" in parts.netloc:
        raise ValueError("an address is logged: put the user name and password under 'auth'")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without '?' and '#'")
    return written.rstrip("/")


def _secret(written: Any, info: ValidationInfo) -> Any:
    """Put the environment's value for each `${NAME}`; the message never repeats what was written."""
    if not isinstance(written, str):
        return written
    environ: Mapping[str, str] = (info.context or {}).get("environ", {})
    missing = [name for name in _VARIABLE.findall(written) if not environ.get(name)]
    if missing:
        raise ValueError(f"the environment variable {missing[0]} is not set, or empty")
    value = _VARIABLE.sub(lambda match: environ[match[1]], written)
    # A line break would let whoever controls the variable add headers to our requests.
    if _CONTROL.search(value):
        raise ValueError("the value contains a control character or line break")
    return value


def _proxy(written: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(written.get_secret_value())
        known = parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in {"http", "https"}:
        raise ValueError("expected an address such as http://proxy.example.com:3128")
    return written


class Document(NamedTuple):
    """A policy document, as JSON."""

    text: str


def document(written: Any) -> Document:
    """A policy that was written as YAML, of which JSON is a part, or as a text of JSON."""
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError as error:
            raise ValueError(f"expected a policy document, and this is not JSON: {error}") from None
    if isinstance(written, dict):
        return Document(json.dumps(written, ensure_ascii=False))
    raise ValueError("expected a policy document: Version and Statement, as IAM has them")


def _variable(written: Any) -> Any:
    if isinstance(written, str) and not _VARIABLE.fullmatch(written):
        raise ValueError("expected ${NAME}: a password stands in the environment, not in a file")
    return written


Size = Annotated[int, BeforeValidator(_size), Field(gt=0)]
"""Bytes."""

Duration = Annotated[float, BeforeValidator(seconds), Field(gt=0)]
"""Seconds, never zero."""

Lifetime = Annotated[float, BeforeValidator(seconds), Field(ge=0)]
"""Seconds; zero switches off what it governs."""

Count = Annotated[int, Field(gt=0)]

Host = Annotated[
    str,
    spelled(r"(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5})?", "a host, host:port or *.suffix"),
    AfterValidator(str.lower),
]

Hosts = Annotated[tuple[Host, ...], BeforeValidator(_items)]

Names = Annotated[tuple[str, ...], BeforeValidator(_items)]

Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network)]

Networks = Annotated[tuple[Network, ...], BeforeValidator(_items)]

Address = Annotated[str, AfterValidator(_address)]

Location = Annotated[Path, AfterValidator(_path)]

Secret = Annotated[SecretStr, BeforeValidator(_secret)]
"""Never shown; may take its text from the environment as `${NAME}`."""

Proxy = Annotated[Secret, AfterValidator(_proxy)]

Variable = Annotated[Secret, BeforeValidator(_variable)]
"""A secret that is never written down, only where to find it: `${NAME}`."""

Policy = Annotated[Document, PlainValidator(document)]
