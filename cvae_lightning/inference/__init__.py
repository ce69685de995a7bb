"""A trained model as a function from captions to pictures, and as a file without code."""

from __future__ import annotations

PRECISIONS = {
    "mixed": "float16, tensors of a million numbers or more in 8 bits",
    "float16": "float16",
    "bfloat16": "bfloat16",
    "float32": "float32, exactly as trained",
}
"""How weights may be stored, in words; scalars and vectors are always kept as they are."""
