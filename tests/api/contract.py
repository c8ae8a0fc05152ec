"""Holds answers to the published service model: required members, types, nothing beside."""

from functools import cache
from typing import Any

import botocore.session


@cache
def model():
    """CodeArtifact's service model as botocore carries it."""
    return botocore.session.get_session().get_service_model("codeartifact")


def kept(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, if it is what the model says that the operation answers."""
    shape = model().operation_model(operation).output_shape
    _fits(shape, answer, operation)
    return answer


def _fits(shape, value: Any, place: str) -> None:
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), f"{place} is no structure: {value!r}"
            strays = value.keys() - shape.members.keys()
            assert not strays, f"{place} has members that the model does not know: {strays}"
            missing = set(shape.required_members) - value.keys()
            assert not missing, f"{place} lacks {missing}"
            for name, inner in value.items():
                _fits(shape.members[name], inner, f"{place}.{name}")
        case "list":
            assert isinstance(value, list | tuple), f"{place} is no list: {value!r}"
            for index, inner in enumerate(value):
                _fits(shape.member, inner, f"{place}[{index}]")
        case "map":
            assert isinstance(value, dict), f"{place} is no map: {value!r}"
            for key, inner in value.items():
                _fits(shape.key, key, f"{place} key")
                _fits(shape.value, inner, f"{place}.{key}")
        case "string":
            assert isinstance(value, str), f"{place} is no string: {value!r}"
            assert not shape.enum or value in shape.enum, f"{place}: {value!r} not in {shape.enum}"
        case "timestamp":
            # Numbers: other SDKs than boto3 take no ISO text (API contract §1).
            assert isinstance(value, int | float), f"{place} is no epoch time: {value!r}"
        case "integer" | "long":
            assert isinstance(value, int), f"{place} is no whole number: {value!r}"
            assert not isinstance(value, bool), f"{place} is no whole number: {value!r}"
        case "boolean":
            assert isinstance(value, bool), f"{place} is no boolean: {value!r}"
        case other:
            raise AssertionError(f"{place}: nothing known about {other}")
