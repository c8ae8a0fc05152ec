"""A caching mirror and private registry for build machines."""
