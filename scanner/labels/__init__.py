"""Draws labels, in PDF and ZPL, that the scanner can read."""
