"""Files that go out: what can be taken in again as it is."""
