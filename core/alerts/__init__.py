"""Alerts: what is watched, what was found, who is told."""
