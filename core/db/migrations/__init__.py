"""Schema changes, oldest first, for both databases."""
