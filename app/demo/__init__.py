"""Demo data that looks like life, generated from a seed: files only, loaded by the ordinary importers."""
