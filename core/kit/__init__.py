"""What every room stands on: ids, clock, money, refusals, paging, permissions."""
