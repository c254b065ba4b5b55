"""The composition root: settings, web, workers, command line, importers, demo."""
