"""Parcel labels over HTTP."""
