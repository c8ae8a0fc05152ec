"""`mirror policy`: those of domains and repositories, and those that users have."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mirror.cli.arguments import in_domain
from mirror.cli.printing import table
from mirror.cli.session import Session, with_session
from mirror.cli.settings import Loader, run, with_settings

if TYPE_CHECKING:
    from mirror.app import Parts

of_repository = click.option("--repository", help="Whose policy; without it, the domain's.")


@click.group()
def policy() -> None:
    """Who may do what.

    A domain and a repository have one policy each, which names people; a user has any number, by
    name: managed ones, and documents of its own. 'mirror why-denied' tells which one decides.
    """


@policy.command("show")
@of_repository
@in_domain
@with_session
def show_policy(session: Session, repository: str | None, domain: str) -> None:
    """Print the policy of a domain or repository."""
    answer = session.call(f"Get{_kind(repository)}PermissionsPolicy", **_where(repository, domain))
    session.tell(answer, lambda answer: [answer["policy"]["document"]])


@policy.command("put")
@click.argument("file", type=click.File(encoding="utf-8"))
@of_repository
@in_domain
@click.option("--revision", help="Only in place of this revision ('show --json' tells it).")
@with_session
def put_policy(
    session: Session, file: Any, repository: str | None, domain: str, revision: str | None
) -> None:
    """Set the policy of a domain or repository to what FILE says; - is standard input."""
    answer = session.call(
        f"Put{_kind(repository)}PermissionsPolicy",
        **_where(repository, domain),
        policyDocument=file.read(),
        policyRevision=revision,
    )
    session.tell(answer, lambda _: [f"policy of {_whose(repository, domain)} set"])


@policy.command("delete")
@of_repository
@in_domain
@with_session
def delete_policy(session: Session, repository: str | None, domain: str) -> None:
    """Delete the policy of a domain or repository."""
    answer = session.call(
        f"Delete{_kind(repository)}PermissionsPolicy", **_where(repository, domain)
    )
    session.tell(answer, lambda _: [f"policy of {_whose(repository, domain)} deleted"])


@policy.command("list")
@click.argument("user", required=False)
@with_settings
def list_policies(load_settings: Loader, user: str | None) -> None:
    """Show the policies of USER; without one, the managed policies."""
    if user is None:
        from mirror.auth.policies.managed import DOCUMENTS

        for name in DOCUMENTS:
            click.echo(name)
        return

    async def attached(parts: "Parts") -> Any:
        from mirror.store.policies import attached_policies

        return await attached_policies(parts.database, parts.settings.account, user)

    policies = run(load_settings, attached)
    rows = [(name, "managed" if text is None else text) for name, text in policies.items()]
    for line in table(("NAME", "DOCUMENT"), rows):
        click.echo(line)


@policy.command("attach")
@click.argument("user")
@click.argument("policy_", metavar="POLICY|FILE")
@click.option("--name", help="What a document is called [the file's name without its end].")
@with_settings
def attach(load_settings: Loader, user: str, policy_: str, name: str | None) -> None:
    """Give USER a managed POLICY, or the document in FILE.

    One of the same name is replaced.
    """
    from mirror.auth.policies.managed import managed

    document = None
    if managed(policy_) is None:
        document = _document(Path(policy_))
        name = name or Path(policy_).stem
        if managed(name) is not None:
            raise click.UsageError(f"'{name}' is a managed policy: give --name")
    attached = name if document is not None and name else policy_

    async def give(parts: "Parts") -> None:
        from mirror.store.policies import attach_policy

        account = parts.settings.account
        await parts.database.write(
            lambda transaction: attach_policy(transaction, account, user, attached, document)
        )

    run(load_settings, give)
    click.echo(f"user '{user}' has policy '{attached}'")


@policy.command("detach")
@click.argument("user")
@click.argument("name")
@with_settings
def detach(load_settings: Loader, user: str, name: str) -> None:
    """Take the policy NAME away from USER."""

    async def take(parts: "Parts") -> None:
        from mirror.store.policies import detach_policy

        account = parts.settings.account
        await parts.database.write(
            lambda transaction: detach_policy(transaction, account, user, name)
        )

    run(load_settings, take)
    click.echo(f"user '{user}' no longer has policy '{name}'")


def check_managed(name: str) -> None:
    """Leave the command where there is no managed policy of that name."""
    from mirror.auth.policies.managed import DOCUMENTS

    if name not in DOCUMENTS:
        raise click.UsageError(
            f"there is no managed policy '{name}': there are {', '.join(DOCUMENTS)}"
        )


def _document(file: Path) -> str:
    from mirror.auth.policies.documents import parse_policy

    if not file.is_file():
        check_managed(str(file))
    text = file.read_text(encoding="utf-8")
    parse_policy(text, "identity")
    return text


def _kind(repository: str | None) -> str:
    return "Domain" if repository is None else "Repository"


def _where(repository: str | None, domain: str) -> dict[str, str]:
    return {"domain": domain} | ({} if repository is None else {"repository": repository})


def _whose(repository: str | None, domain: str) -> str:
    return f"domain '{domain}'" if repository is None else f"repository '{repository}'"
