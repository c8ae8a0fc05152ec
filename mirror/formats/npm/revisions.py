"""npm's `_rev`, CouchDB's revision of a document: ours is the package's local revision number."""

_SUFFIX = "-0"  # clients expect `number-hash` and only ever send it back


def revision_text(number: int) -> str:
    """What a document's `_rev` says."""
    return f"{number}{_SUFFIX}"


def revision_number(text: str) -> str:
    """The local revision in what a client sent back, in decimal; any other text as it is.

    So the comparison with `str(revision)` fails for a revision that is not ours, as it should.
    """
    return text.removesuffix(_SUFFIX)
