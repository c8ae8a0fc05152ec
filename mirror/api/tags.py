"""Tags of domains, repositories and package groups (API contract §5).

An ARN that comes this far is one of ours, spelt as we spell it: `resources.tagged` saw to that.
"""

from typing import Any

from mirror.api.call import Call
from mirror.api.errors import FIELD, Rejected
from mirror.api.services import Services
from mirror.arns import parse_arn
from mirror.store.tags import check_exists, put_tags, remove_tags, tags_of
from mirror.store.transactions import Transaction


async def tag_resource(services: Services, call: Call) -> Any:
    """Add tags to those that there are; one of the same key is replaced."""
    arn: str = call.input["resourceArn"]
    tags = given_tags(call)

    async def store(transaction: Transaction) -> None:
        await check_exists(transaction.run, parse_arn(arn))
        await put_tags(transaction, arn, tags)

    await services.database.write(store)
    return {}


async def untag_resource(services: Services, call: Call) -> Any:
    """Remove tags; keys that there are not are passed over."""
    arn: str = call.input["resourceArn"]

    async def remove(transaction: Transaction) -> None:
        await check_exists(transaction.run, parse_arn(arn))
        await remove_tags(transaction, arn, call.input["tagKeys"])

    await services.database.write(remove)
    return {}


async def list_tags_for_resource(services: Services, call: Call) -> Any:
    """The tags of a resource, in order of their keys."""
    arn: str = call.input["resourceArn"]
    await check_exists(services.database.read, parse_arn(arn))
    tags = await tags_of(services.database.read, arn)
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


def given_tags(call: Call) -> dict[str, str]:
    """The tags in a request, by key; raises `Rejected` for what no resource may have."""
    given = call.input.get("tags", ())
    tags = {tag["key"]: tag["value"] for tag in given}
    if len(tags) < len(given):
        raise Rejected("a tag key is given twice", FIELD)
    for key in tags:
        if key.lower().startswith("aws:"):
            raise Rejected(f"the tag key '{key}' is reserved: no key may begin with 'aws:'", FIELD)
    return tags
