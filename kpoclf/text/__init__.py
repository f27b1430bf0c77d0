"""Texts to words, stems and terms."""
