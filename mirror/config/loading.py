"""From a file and the environment to `Settings`, or to every mistake at once."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mirror.config.contradictions import contradictions
from mirror.config.places import Place, Problem
from mirror.config.registries import Section
from mirror.config.settings import Settings
from mirror.config.written import Written, variables
from mirror.errors import MirrorError

OTHER_VARIABLES = frozenset({"MIRROR_CONFIG", "MIRROR_ENDPOINT"})
"""Variables that are ours but no settings: where the file is, and which server to ask."""

_OWN_WORDS = {  # pydantic's say "dictionary", "instance of Server" and "tuple"
    "model_type": "expected 'key: value' lines below it",
    "mapping_type": "expected 'name: …' lines below it",
    "dict_type": "expected 'name: …' lines below it",
    "tuple_type": "expected a list",
}


class ConfigError(MirrorError):
    """The configuration cannot be used; `problems` says everything that is wrong, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.place))
        super().__init__("\n".join(map(str, self.problems)))


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings: defaults, then the file at `path`, then `environ`.

    Nothing else reads either. An empty variable counts as none (that is how compose files and
    unit files leave one out). Raises `ConfigError`, which never repeats a secret.
    """
    written = Written()
    if path is not None:
        _read(path, written)
    remarks = _read_environment(environ, written)
    _drop_empty_sections(written)
    context = {"environ": environ, "remarks": remarks, "places": written.places}
    try:
        settings = Settings.model_validate(written.values, context=context)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        problems = written.problems + [_problem(each, written) for each in found]
        raise ConfigError(problems) from None  # pydantic's own message may show a secret
    problems = written.problems + [
        Problem(written.places.at(key), f"{'.'.join(map(str, key))}: {message}")
        for key, message in contradictions(settings)
    ]
    if problems:
        raise ConfigError(problems)
    return settings


def _read(path: Path, written: Written) -> None:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            [Problem(Place(str(path)), f"cannot be read: {error.strerror}")]
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(Place(str(path)), "not UTF-8 text")]) from error
    written.read_file(str(path), text)


def _read_environment(environ: Mapping[str, str], written: Written) -> list[str]:
    table = variables()
    for name, (path, field) in table.items():
        if environ.get(name):
            written.read_variable(name, environ[name], path, field)
    # systemd's own word for StateDirectory=; the first, where a unit has several.
    state = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if state and not written.values.get("data_dir"):
        field = Settings.model_fields["data_dir"]
        written.read_variable("STATE_DIRECTORY", state, ("data_dir",), field)
    # Unknown ones only warn: Kubernetes sets MIRROR_PORT and its like for a service named mirror.
    unknown = sorted(name for name in environ if name.startswith("MIRROR_") and name not in table)
    return [
        f"the environment variable {name} is no setting{_suggestion(name, table)}"
        for name in unknown
        if name not in OTHER_VARIABLES
    ]


def _drop_empty_sections(written: Written) -> None:
    """`server:` with nothing below it, as in the example file, says nothing."""
    for name, value in list(written.values.items()):
        if value is None:
            del written.values[name]


def _problem(error: ErrorDetails, written: Written) -> Problem:
    path = tuple(part for part in error["loc"] if part != "[key]")
    return Problem(written.places.at(path), f"{'.'.join(map(str, path))}: {_sentence(error, path)}")


def _sentence(error: ErrorDetails, path: tuple[str | int, ...]) -> str:
    if error["type"] == "extra_forbidden":
        return "no such setting" + _suggestion(str(path[-1]), _settings_beside(path))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return message
    message = message.replace("Input should be", "expected")
    if error["type"] in _OWN_WORDS:
        message = _OWN_WORDS[error["type"]]
    message = message[:1].lower() + message[1:]
    # A value in the wrong place may be a secret ("auth: hunter2"), so none of these is repeated.
    shown = path[0] not in {"connections", "users"} and isinstance(error["input"], str)
    return f"{message}, found '{error['input']}'" if shown else message


def _settings_beside(path: tuple[str | int, ...]) -> list[str]:
    """Names of the section in which `path` ends, and dotted names for what belongs elsewhere."""
    sections: list[type[Section]] = [Settings]
    for part in path[:-1]:
        fields = [
            section.model_fields[part] for section in sections if part in section.model_fields
        ]
        # A connection's or repository's own name is no field: its mapping's type is the answer.
        sections = [kind for field in fields for kind in _sections_in(field.annotation)] or sections
    return [name for section in sections for name in section.model_fields]


def _sections_in(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for argument in get_args(annotation):
        yield from _sections_in(argument)


def _suggestion(name: str, known: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(name, list(known), n=1)
    if close:
        return f"; did you mean {close[0]}?"
    elsewhere = [".".join(path) for path, _ in variables().values() if path[-1] == name]
    return f"; did you mean {elsewhere[0]}?" if elsewhere else ""
