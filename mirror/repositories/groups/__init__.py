"""Package groups: patterns over packages, their hierarchy, and what they let into repositories."""
