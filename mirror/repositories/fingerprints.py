"""What a document was made of, as one text: while it is the same, so is the document. Pure."""

import hashlib
from collections.abc import Mapping

from mirror.repositories.merging import Holding
from mirror.repositories.origins import Plan
from mirror.store.documents import StoredDocument, StoredListing


def fingerprint_of(
    plan: Plan,
    holdings: Mapping[int, Holding],
    found: Mapping[str, StoredListing],
    supplement: StoredDocument | None,
) -> str:
    """Names the sources in their order, what each holds, and the upstreams' bytes.

    `holdings` are by repository id, `found` by connection.
    """
    content = hashlib.sha256()
    # The order of the search decides between sources, also where none of them changed.
    content.update(f"{plan}\n".encode())
    for repository in sorted(holdings):
        holding = holdings[repository]
        content.update(f"{repository} {holding.revision} {holding.controls}\n".encode())
        for version in holding.versions.values():
            content.update(f"{version.version} {version.status} {version.revision}\n".encode())
    for name in sorted(found):
        content.update(f"{name} {found[name].sha256}\n".encode())
    if supplement is not None:
        content.update(f"{supplement.sha256}\n".encode())
    return content.hexdigest()
