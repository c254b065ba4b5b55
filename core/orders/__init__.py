"""What buyers asked for and what a warehouse must do about it."""
