"""Every speed claim as a command that prints a ratio to a floor measured in the same run."""
