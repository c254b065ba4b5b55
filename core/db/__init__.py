"""Tables, column types, engines, rows as a table, migrations."""
