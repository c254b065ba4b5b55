"""Unit of work, event log, cursors, outbox, idempotency keys, timers, numbers."""
