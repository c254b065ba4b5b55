"""Waves, pick lists and what was really picked."""
