"""Other people's registries: how they are asked, guarded against, and followed."""
