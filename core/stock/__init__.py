"""Where goods lie and to whom they are promised: places, ledger, levels, reservations, allocations."""
