"""Cargo: the sparse index, crates, and publishing as `cargo` does it."""

from mirror.formats.cargo.cargo import Cargo

__all__ = ["Cargo"]
