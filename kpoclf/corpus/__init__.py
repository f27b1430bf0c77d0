"""Labelled rows: reading, checking, near-duplicates."""
