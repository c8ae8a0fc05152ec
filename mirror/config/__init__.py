"""Settings: typed, frozen, with a default for each, from one YAML file and the environment."""

from mirror.config.declarations import Repository
from mirror.config.loading import ConfigError, load
from mirror.config.registries import Connection, Credentials
from mirror.config.settings import Settings

__all__ = ["ConfigError", "Connection", "Credentials", "Repository", "Settings", "load"]
