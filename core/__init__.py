"""Order and stock logic: knows no front."""
