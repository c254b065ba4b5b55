"""Labels over HTTP and on the command line, drawn when they are asked for: the pictures are never kept."""
