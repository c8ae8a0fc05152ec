"""What somebody wrote, and where: the YAML file and the environment as one tree of texts.

Every scalar stays the text that was written and pydantic turns it into what a field needs. So an
account `000000000000` is not an octal zero, a password `no` is not False, and a value means the
same in the file and in a variable.
"""

from collections.abc import Mapping
from typing import TypeAlias, get_origin

import yaml
from pydantic.fields import FieldInfo

from mirror.config.places import Path, Place, Places, Problem
from mirror.config.registries import Section
from mirror.config.settings import Settings

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"

_DEEPEST = 16  # levels; the settings need five, and an alias inside its own anchor has no end
_NULLS = ("", "~", "null", "Null", "NULL")


class Written:
    """Values by key, the place of each, and what was wrong already in reading them."""

    def __init__(self) -> None:
        self.values: dict[str, Tree] = {}
        self.places = Places()
        self.problems: list[Problem] = []

    def read_file(self, source: str, text: str) -> None:
        """Take the values of a YAML file."""
        self.places[()] = Place(source, 1)
        tree = self._parse(source, text, (), variable=False)
        if isinstance(tree, dict):
            self.values = tree
        elif tree is not None:
            self.problems.append(Problem(Place(source, 1), "expected 'key: value' lines"))

    def read_variable(self, name: str, text: str, path: tuple[str, ...], field: FieldInfo) -> None:
        """Take a variable's value in place of the file's; one for a mapping is written in YAML."""
        value: Tree = text
        if get_origin(field.annotation) is Mapping:
            # Places of the value that this one replaces would name the wrong source.
            for old in [known for known in self.places if known[: len(path)] == path]:
                del self.places[old]
            value = self._parse(name, text, path, variable=True)
        self.places[path] = Place(name)
        *sections, key = path
        holder = self.values
        for section in sections:
            inner = holder.get(section)
            if inner is None:
                inner = holder[section] = {}
            if not isinstance(inner, dict):
                return  # the file has a text where a section belongs: reported there
            holder = inner
        holder[key] = value

    def _parse(self, source: str, text: str, path: Path, *, variable: bool) -> Tree:
        try:
            node = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.YAMLError as error:
            line, message = _syntax(error, text)
            self.problems.append(Problem(Place(source, 0 if variable else line), message))
            return None
        return None if node is None else _Reader(self, source, variable).read(node, path)


class _Reader:
    """Turns YAML nodes into a tree of texts, noting each one's place."""

    def __init__(self, written: Written, source: str, variable: bool) -> None:
        self._written = written
        self._source = source
        self._variable = variable

    def read(self, node: yaml.Node, path: Path) -> Tree:
        if len(path) > _DEEPEST:
            self._problem(node, path, "nested too deeply")
            return None
        self._written.places.setdefault(path, self._place(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in _NULLS:
            return None
        text: str = node.value
        return text

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._problem(key, path, "expected a name before ':'")
                continue
            here = (*path, key.value)
            if key.value in found:
                first = self._written.places[here].line
                self._problem(
                    key, here, "written twice" + (f", first on line {first}" * (first > 0))
                )
                continue
            self._written.places[here] = self._place(key)
            found[key.value] = self.read(value, here)
        return found

    def _place(self, node: yaml.Node) -> Place:
        return Place(self._source, 0 if self._variable else node.start_mark.line + 1)

    def _problem(self, node: yaml.Node, path: Path, message: str) -> None:
        key = ".".join(map(str, path))
        self._written.problems.append(
            Problem(self._place(node), f"{key}: {message}" if key else message)
        )


def _syntax(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line and a sentence, without the excerpt that PyYAML adds: it may show a secret."""
    if isinstance(error, yaml.composer.ComposerError) and "alias" in (error.problem or ""):
        message = "an alias (*name) without its anchor; quote a value that begins with '*'"
    elif isinstance(error, yaml.MarkedYAMLError):
        message = " ".join(part for part in (error.context, error.problem) if part)
    elif isinstance(error, yaml.reader.ReaderError):
        return text.count("\n", 0, error.position) + 1, "a character that YAML does not allow"
    else:
        message = "not YAML"
    mark = getattr(error, "problem_mark", None)
    return (mark.line + 1 if mark else 1), f"not YAML: {message}"


def variables() -> dict[str, tuple[tuple[str, ...], FieldInfo]]:
    """Every setting's environment variable, with its key path and field."""
    table: dict[str, tuple[tuple[str, ...], FieldInfo]] = {}
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            for key, inner in kind.model_fields.items():
                table[f"MIRROR_{name}_{key}".upper()] = (name, key), inner
        else:
            table[f"MIRROR_{name}".upper()] = (name,), field
    return table
