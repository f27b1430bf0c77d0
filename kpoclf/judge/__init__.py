"""Decisions: labels, statuses and reasons of texts."""
