"""Verification, parcels, waybills, labels, shipping."""
