"""What there is before anyone configured anything (decisions.md), as far as a file could say it."""

from dataclasses import replace

from mirror.declared.present import NEW_DOMAIN, Present, Repository
from mirror.formats import FORMATS
from mirror.model import DEFAULT_DOMAIN


def first_repositories() -> dict[str, Repository]:
    """The repositories of the first start by name: a store of each public registry, and `main`."""
    stores = {
        connection.store: Repository(f"what {connection.name} has", connection=connection.name)
        for form in FORMATS.values()
        for connection in form.connections
    }
    main = Repository(
        "the repository to use: private packages, and everything public", upstreams=tuple(stores)
    )
    return {**stores, "main": main}


def first_state() -> Present:
    """What there is once the first start has been."""
    return Present({DEFAULT_DOMAIN: replace(NEW_DOMAIN, repositories=first_repositories())})
