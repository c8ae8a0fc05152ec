"""Policies that exist everywhere, to be given to users by name (auth-and-policy §5.5). Pure."""

from mirror.auth.policies.documents import parse_policy
from mirror.auth.policies.statements import Policy

# The first two are AWS's, word for word (User Guide, "AWS managed (predefined) policies").
DOCUMENTS = {
    "AWSCodeArtifactAdminAccess": """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": [
        "codeartifact:*"
      ],
      "Effect": "Allow",
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "sts:GetServiceBearerToken",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "sts:AWSServiceName": "codeartifact.amazonaws.com"
        }
      }
    }
  ]
}
""",
    "AWSCodeArtifactReadOnlyAccess": """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": [
        "codeartifact:Describe*",
        "codeartifact:Get*",
        "codeartifact:List*",
        "codeartifact:ReadFromRepository"
      ],
      "Effect": "Allow",
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "sts:GetServiceBearerToken",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "sts:AWSServiceName": "codeartifact.amazonaws.com"
        }
      }
    }
  ]
}
""",
    "MirrorPublisherAccess": """\
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": [
        "codeartifact:Describe*",
        "codeartifact:Get*",
        "codeartifact:List*",
        "codeartifact:ReadFromRepository",
        "codeartifact:PublishPackageVersion",
        "codeartifact:PutPackageMetadata"
      ],
      "Effect": "Allow",
      "Resource": "*"
    },
    {
      "Effect": "Allow",
      "Action": "sts:GetServiceBearerToken",
      "Resource": "*",
      "Condition": {
        "StringEquals": {
          "sts:AWSServiceName": "codeartifact.amazonaws.com"
        }
      }
    }
  ]
}
""",
}
"""Their documents by name. A publisher is a build machine that releases: it deletes nothing."""


_POLICIES = {name: parse_policy(document, "identity") for name, document in DOCUMENTS.items()}


def managed(name: str) -> Policy | None:
    """The managed policy of that name, None where there is none."""
    return _POLICIES.get(name)
