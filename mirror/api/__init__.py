"""The control side: CodeArtifact's REST API, for `aws codeartifact`, boto3 and Terraform."""
