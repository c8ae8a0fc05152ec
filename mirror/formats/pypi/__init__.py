"""PyPI: simple pages in JSON and HTML, files with their metadata, and the legacy upload."""

from mirror.formats.pypi.pypi import PyPI

__all__ = ["PyPI"]
