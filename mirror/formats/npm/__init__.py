"""npm: packuments, tarballs, dist-tags and the ways in which clients write them."""

from mirror.formats.npm.npm import Npm

__all__ = ["Npm"]
