"""Notices: what people are told, and whether it reached them."""
