"""Terraform's own AWS provider: domains, repositories and policies planned, made, changed, read and
destroyed.

Needs `terraform`, and the provider hashicorp/aws in a folder laid out as `terraform providers
mirror` makes it: `terraform` beside the other clients (.ci/clients), or TF_PLUGIN_DIR.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.clients.aws import REGION, Boto, Key
from tests.clients.clients import INSTALLED, Ran, execute
from tests.clients.guide import ARN
from tests.clients.people import access_key
from tests.running import Running

TERRAFORM = shutil.which("terraform")
PROVIDERS = Path(os.environ.get("TF_PLUGIN_DIR", INSTALLED / "terraform"))

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        TERRAFORM is None or not PROVIDERS.is_dir(), reason="needs terraform and its AWS provider"
    ),
]

CONFIGURATION = """
provider "aws" {
  region                      = "%(region)s"
  access_key                  = "%(id)s"
  secret_key                  = "%(secret)s"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true
  endpoints { codeartifact = "%(url)s" }
}

variable "description" { default = "what the team builds with" }

resource "aws_codeartifact_domain" "team" {
  domain = "team"
  tags   = { owner = "platform" }
}

resource "aws_codeartifact_repository" "store" {
  domain     = aws_codeartifact_domain.team.domain
  repository = "npm-store"
  external_connections { external_connection_name = "public:npmjs" }
}

resource "aws_codeartifact_repository" "main" {
  domain      = aws_codeartifact_domain.team.domain
  repository  = "main"
  description = var.description
  tags        = { stage = "one" }
  upstream { repository_name = aws_codeartifact_repository.store.repository }
}

data "aws_iam_policy_document" "read" {
  statement {
    effect    = "Allow"
    actions   = ["codeartifact:ReadFromRepository"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["444455556666"]
    }
  }
}

resource "aws_codeartifact_domain_permissions_policy" "team" {
  domain          = aws_codeartifact_domain.team.domain
  policy_document = data.aws_iam_policy_document.read.json
}

resource "aws_codeartifact_repository_permissions_policy" "main" {
  domain          = aws_codeartifact_domain.team.domain
  repository      = aws_codeartifact_repository.main.repository
  policy_document = data.aws_iam_policy_document.read.json
}

data "aws_codeartifact_repository_endpoint" "npm" {
  domain     = aws_codeartifact_domain.team.domain
  repository = aws_codeartifact_repository.main.repository
  format     = "npm"
}

data "aws_codeartifact_authorization_token" "team" {
  domain           = aws_codeartifact_domain.team.domain
  duration_seconds = 900
}

output "endpoint" { value = data.aws_codeartifact_repository_endpoint.npm.repository_endpoint }
output "arn" { value = aws_codeartifact_repository.main.arn }
"""


class Stack:
    """A folder with a configuration, and `terraform` on it with nobody's settings."""

    def __init__(self, folder: Path, address: str, key: Key) -> None:
        self._folder = folder
        folder.mkdir()
        known = {"url": address, "region": REGION, **key._asdict()}
        (folder / "main.tf").write_text(CONFIGURATION % known)

    async def __call__(self, *arguments: str) -> Ran:
        ran = await execute(
            Path(str(TERRAFORM)),
            *arguments,
            cwd=self._folder,
            environment={
                "HOME": str(self._folder),
                "PATH": "/usr/bin:/bin",
                "TF_IN_AUTOMATION": "1",
                "TF_CLI_ARGS": "-no-color",
                "CHECKPOINT_DISABLE": "1",
            },
        )
        assert ran.status in (0, 2), ran.text  # 2 is a plan with changes
        return ran


async def test_a_stack(service: Running, boto: Boto, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack", service.url, await access_key(service))
    await stack("init", "-input=false", f"-plugin-dir={PROVIDERS}")
    await stack("apply", "-input=false", "-auto-approve")
    outputs = json.loads((await stack("output", "-json")).text)
    assert outputs["endpoint"]["value"] == f"{service.url}/d/team/npm/main/"
    assert outputs["arn"]["value"] == f"{ARN}:repository/team/main"
    made = (await boto.describe_repository(domain="team", repository="main"))["repository"]
    assert made["upstreams"] == [{"repositoryName": "npm-store"}]
    assert made["description"] == "what the team builds with"
    tags = await boto.list_tags_for_resource(resourceArn=made["arn"])
    assert tags["tags"] == [{"key": "stage", "value": "one"}]
    policy = await boto.get_repository_permissions_policy(domain="team", repository="main")
    assert "ReadFromRepository" in policy["policy"]["document"]
    # What was made is what was asked for: nothing is left to do.
    plan = await stack("plan", "-input=false", "-detailed-exitcode")
    assert plan.status == 0, plan.text
    await stack("apply", "-input=false", "-auto-approve", "-var", "description=changed")
    made = (await boto.describe_repository(domain="team", repository="main"))["repository"]
    assert made["description"] == "changed"
    await stack("destroy", "-input=false", "-auto-approve")
    assert [each["name"] for each in (await boto.list_domains())["domains"]] == ["default"]
