"""A worker's scan session: one interpreter for every job on the floor."""
