"""Pointing package managers at a repository: what goes into which of their files."""
