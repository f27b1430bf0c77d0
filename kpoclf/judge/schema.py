"""The JSON Schema of an explanation, shipped with the package."""

from __future__ import annotations

from pathlib import Path

__all__ = ["schema_text"]


def schema_text() -> str:
    """JSON Schema (draft 2020-12) of what ``kpoclf explain --json`` prints."""
    return Path(__file__).with_name("explanation.schema.json").read_text(encoding="utf-8")
