"""A list of a policy's texts, as one question: does any of them match? Pure."""

from collections.abc import Callable, Iterable, Sequence

from mirror.auth.policies.variables import Keys, Template, Variable, resolve, template
from mirror.auth.policies.wildcards import Matcher, Piece, Wild, matchers

Prepare = Callable[[Sequence[Piece]], Sequence[Piece]]


class Patterns:
    """Texts without wildcards are looked up, others compiled once; variables cost at each use.

    `prepare` changes what wildcards mean, where they do not mean everything.
    """

    __slots__ = ("_exact", "_fixed", "_open", "_prepare")

    def __init__(
        self,
        texts: Iterable[str],
        *,
        variables: bool = False,
        wildcards: bool = True,
        prepare: Prepare = list,
    ) -> None:
        """Raises `PolicyInvalid` for a malformed variable."""
        exact: set[str] = set()
        fixed: list[Sequence[Piece]] = []
        open_: list[Template] = []
        for text in dict.fromkeys(texts):
            parts = template(text, variables=variables, wildcards=wildcards)
            closed = [part for part in parts if not isinstance(part, Variable)]
            literal = [part for part in closed if not isinstance(part, Wild)]
            if len(closed) < len(parts):
                open_.append(parts)
            elif len(literal) < len(closed):
                fixed.append(prepare(closed))
            else:
                exact.add("".join(literal))
        self._prepare = prepare
        self._exact = frozenset(exact)
        self._fixed: tuple[Matcher, ...] = matchers(fixed)
        self._open = tuple(open_)

    def match(self, names: tuple[str, ...], keys: Keys) -> bool:
        """Whether any of them matches the whole of one of a thing's names.

        `keys` fills in the variables.
        """
        if not self._exact.isdisjoint(names):
            return True
        for name in names:
            for matches in self._fixed:
                if matches(name):
                    return True
        return bool(self._open) and self._match_filled_in(names, keys)

    def _match_filled_in(self, names: tuple[str, ...], keys: Keys) -> bool:
        patterns = [resolve(parts, keys) for parts in self._open]
        filled_in = matchers(self._prepare(each) for each in patterns if each is not None)
        return any(matches(name) for matches in filled_in for name in names)
