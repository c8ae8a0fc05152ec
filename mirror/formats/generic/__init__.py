"""Generic packages: any files, under a name and a version, over plain HTTP."""

from mirror.formats.generic.generic import Generic

__all__ = ["Generic"]
