"""What a repository contains and may accept: pure decisions, and the shells that act on them."""
