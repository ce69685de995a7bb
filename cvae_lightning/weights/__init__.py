"""Trained models as small files that hold no code; an installed package keeps its own in ``flagship/`` here."""

from __future__ import annotations

PRECISIONS = {
    "mixed": "float16, tensors of a million numbers or more in 8 bits",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "float32": "float32, exactly as trained",
}
"""How weights may be stored, in words; scalars and vectors are always kept as they are."""
