"""What people send as tables, one module per kind of file: rows in, core dataclasses out, every bad cell named."""
