"""The print agent: labels from the server to a printer at a bench."""
