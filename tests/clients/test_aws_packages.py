"""The User Guide's chapter "Working with packages" with the real `aws`: names, versions, assets
and details.
"""

import hashlib

import pytest

from tests.clients.aws import Aws
from tests.clients.guide import (
    INGESTED,
    INTERNAL,
    REPOSITORY,
    REVISION,
    TIME,
    TOKEN,
    Like,
    listed,
    shows,
    version,
)
from tests.clients.stocking import Shelf

pytestmark = pytest.mark.client


async def test_list_package_names(aws: Aws, shelf: Shelf) -> None:
    """ "List package names": by format, namespace, prefix, page by page, as text."""
    names = ["acorn", "ajv", "pat-test", "patch-math3", "pathe", "@types/node", "@types2/react"]
    for name in names:
        assert await shelf.npm(name, "1.0.0") == 201
    assert await shelf.python("Pigeon_Cli", "1.0") == 200

    everything = await aws(f"list-packages {REPOSITORY}")
    unscoped = [listed(name) for name in names[:5]]
    scoped = [listed("node", "types"), listed("react", "types2")]
    pigeon = listed("pigeon-cli", kind="pypi")
    assert everything == {"packages": [*unscoped, *scoped, pigeon]}
    assert await aws(f"list-packages {REPOSITORY} --format npm") == {
        "packages": [*unscoped, *scoped]
    }
    # A prefix, so that @types2 is there as well.
    both = await aws(f"list-packages {REPOSITORY} --format npm --namespace types")
    assert both == {"packages": scoped}
    prefixed = await aws(f"list-packages {REPOSITORY} --format npm --package-prefix pat")
    assert prefixed == {"packages": unscoped[2:]}
    assert await aws(f"list-packages {REPOSITORY} --format pypi") == {"packages": [pigeon]}
    assert "ValidationException" in await aws.refused(
        f"list-packages {REPOSITORY} --namespace types"
    )
    for name in ("commons-collections4", "commons-lang3"):
        await aws(
            f"put-package-origin-configuration {REPOSITORY} --format maven"
            f" --namespace org.apache.commons --package {name} --restrictions publish=ALLOW,upstream=BLOCK"
        )
    commons = await aws(f"list-packages {REPOSITORY} --format maven --namespace org.apache.commons")
    maven = [
        listed(name, "org.apache.commons", "maven")
        for name in ("commons-collections4", "commons-lang3")
    ]
    assert commons == {"packages": maven}
    text = await aws(
        f"list-packages {REPOSITORY} --format npm --output text --query 'packages[*].[package]'"
    )
    assert text.split("\n")[:3] == ["acorn", "ajv", "pat-test"]
    first = await aws(f"list-packages {REPOSITORY} --max-results 2 --format npm")
    assert first == {"packages": unscoped[:2], "nextToken": TOKEN}
    rest = await aws(f"list-packages {REPOSITORY} --format npm --next-token {first['nextToken']}")
    assert rest == {"packages": [*unscoped[2:], *scoped]}
    await aws(
        f"put-package-origin-configuration {REPOSITORY} --format npm --package ajv"
        " --restrictions publish=BLOCK,upstream=ALLOW"
    )
    blocked = await aws(f"list-packages {REPOSITORY} --publish BLOCK --upstream ALLOW")
    assert blocked == {"packages": [listed("ajv", restrictions=INGESTED)]}


async def test_list_package_versions(aws: Aws, shelf: Shelf) -> None:
    """ "Sort versions", "Default display version", "Format output"."""
    for number in ("5.0.0-beta.3", "5.0.0-beta.4", "4.41.2", "5.0.0-beta.5"):
        tag = "next" if "beta" in number else "latest"
        assert await shelf.npm("webpack", number, tag=tag) == 201
    newest = ["5.0.0-beta.5", "4.41.2", "5.0.0-beta.4", "5.0.0-beta.3"]
    webpack = f"list-package-versions {REPOSITORY} --format npm --package webpack"
    head = {"defaultDisplayVersion": "4.41.2", "format": "npm", "package": "webpack"}
    first = await aws(f"{webpack} --max-results 3 --sort-by PUBLISHED_TIME")
    versions = [version(number, origin=INTERNAL) for number in newest]
    assert first == {**head, "versions": versions[:3], "nextToken": TOKEN}
    rest = await aws(f"{webpack} --sort-by PUBLISHED_TIME --next-token {first['nextToken']}")
    assert rest == {**head, "versions": versions[3:]}
    assert await aws(f"{webpack} --output text --query 'versions[*].[version]'") == (
        "".join(f"{number}\n" for number in newest)
    )
    await aws(
        f"update-package-versions-status {REPOSITORY} --format npm --package webpack --versions 4.41.2"
        " --target-status Unlisted"
    )
    unlisted = await aws(f"{webpack} --status Unlisted")
    shown = [version("4.41.2", "Unlisted", origin=INTERNAL)]
    # What `latest` names is not shown any more: the most recently published is.
    assert unlisted == {**head, "defaultDisplayVersion": "5.0.0-beta.5", "versions": shown}
    scoped = await aws.refused(f"{webpack} --namespace types")
    assert scoped == Like("ResourceNotFoundException: .*webpack.*")


async def test_assets_and_their_bytes(aws: Aws, shelf: Shelf) -> None:
    """ "List package version assets" and "Download package version assets"."""
    await shelf.npm("@types/node", "0.1.7")
    node = f"{REPOSITORY} --format npm --namespace types --package node --package-version 0.1.7"
    got = await aws(f"get-package-version-asset {node} --asset node-0.1.7.tgz copy.tgz")
    assert got == {
        "assetName": "node-0.1.7.tgz",
        "packageVersion": "0.1.7",
        "packageVersionRevision": REVISION,
    }
    data = (aws.home / "copy.tgz").read_bytes()
    hashes = {
        kind: hashlib.new(kind.replace("-", ""), data).hexdigest()
        for kind in ("MD5", "SHA-1", "SHA-256", "SHA-512")
    }
    assert await aws(f"list-package-version-assets {node}") == {
        "format": "npm",
        "namespace": "types",
        "package": "node",
        "version": "0.1.7",
        "versionRevision": got["packageVersionRevision"],
        "assets": [{"name": "node-0.1.7.tgz", "size": len(data), "hashes": hashes}],
    }
    missing = await aws.refused(f"get-package-version-asset {node} --asset no.tgz out")
    assert missing == Like("ResourceNotFoundException: .*no.tgz.*")


async def test_the_assets_of_a_python_version_are_the_uploaded_files(
    aws: Aws, shelf: Shelf
) -> None:
    """ "List package version assets": not what the server made of them for its own clients."""
    await shelf.python("flatten_json", "0.1.7")
    assets = await aws(
        f"list-package-version-assets {REPOSITORY} --format pypi --package flatten-json"
        " --package-version 0.1.7 --output text --query 'assets[*].[name]'"
    )
    assert assets == "flatten_json-0.1.7-py3-none-any.whl\n"


async def test_details_dependencies_and_readme(aws: Aws, shelf: Shelf) -> None:
    """ "View package version details", "… dependencies" and "… readme file"."""
    await shelf.npm(
        "@types/webpack",
        "4.41.5",
        description="Packs CommonJs/AMD modules for the browser.",
        homepage="https://github.com/webpack/webpack",
        repository={"type": "git", "url": "https://github.com/webpack/webpack.git"},
        license="MIT",
        dependencies={"@webassemblyjs/ast": "1.8.5", "@webassemblyjs/wasm-edit": "1.8.5"},
        devDependencies={"tapable": "^1.0.0"},
        readme='<div align="center">\n  <a href="https://github.com/webpack/webpack">\n',
    )
    webpack = (
        f"{REPOSITORY} --format npm --namespace types --package webpack --package-version 4.41.5"
    )
    described = await aws(f"describe-package-version {webpack}")
    revision = described["packageVersion"]["revision"]
    assert described == {
        "packageVersion": {
            "format": "npm",
            "namespace": "types",
            "packageName": "webpack",
            "displayName": "webpack",
            "version": "4.41.5",
            "summary": "Packs CommonJs/AMD modules for the browser.",
            "homePage": "https://github.com/webpack/webpack",
            "sourceCodeRepository": "https://github.com/webpack/webpack.git",
            "publishedTime": TIME,
            "licenses": [{"name": "MIT"}],
            "revision": REVISION,
            "status": "Published",
            "origin": INTERNAL,
        }
    }
    head = {
        "format": "npm",
        "namespace": "types",
        "package": "webpack",
        "version": "4.41.5",
        "versionRevision": revision,
    }

    def dependency(name: str, kind: str, requirement: str, **more: str) -> dict[str, str]:
        return {"package": name, "dependencyType": kind, "versionRequirement": requirement, **more}

    assert await aws(f"list-package-version-dependencies {webpack}") == {
        **head,
        "dependencies": [
            dependency("ast", "regular", "1.8.5", namespace="webassemblyjs"),
            dependency("wasm-edit", "regular", "1.8.5", namespace="webassemblyjs"),
            dependency("tapable", "dev", "^1.0.0"),
        ],
    }
    readme = '<div align="center">\n  <a href="https://github.com/webpack/webpack">\n'
    assert await aws(f"get-package-version-readme {webpack}") == {**head, "readme": readme}


async def test_a_python_name_as_its_author_spells_it(aws: Aws, shelf: Shelf) -> None:
    """ "View package version details": PyHamcrest."""
    await shelf.python("PyHamcrest", "1.9.0")
    described = await aws(
        f"describe-package-version {REPOSITORY} --format pypi --package pyhamcrest --package-version 1.9.0"
    )
    shows(
        described["packageVersion"],
        {
            "format": "pypi",
            "packageName": "pyhamcrest",
            "displayName": "PyHamcrest",
            "version": "1.9.0",
            "publishedTime": TIME,
            "licenses": [{"name": "MIT"}],
            "revision": REVISION,
            "status": "Published",
        },
    )
