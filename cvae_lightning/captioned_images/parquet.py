"""The rows of a Parquet file, within bounds: a few kilobytes can stand for any number of rows, of any length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from cvae_lightning.errors import UserError, require_package

if TYPE_CHECKING:
    from pyarrow import Array, Field

BATCH = 1_000
"""Rows that are read at once."""


def parquet_rows(table: Path, most_bytes: int, most_rows: int) -> list[dict[str, Any]]:
    """The rows of a file; columns of lists, of mappings and of bytes are left out.

    Args:
        table: the file.
        most_bytes: of its content, unpacked, and of the texts of its rows.
        most_rows: of the table.

    Raises:
        UserError: it cannot be read, or holds more; or pyarrow is not installed.
    """
    require_package("pyarrow", str(table))
    from pyarrow import ArrowException, parquet

    rows: list[dict[str, Any]] = []
    size = 0
    try:
        with parquet.ParquetFile(table) as file:
            kept = [field for field in file.schema_arrow if _is_plain(field)]
            groups = [file.metadata.row_group(index) for index in range(file.metadata.num_row_groups)]
        if sum(group.total_byte_size for group in groups) > most_bytes or sum(g.num_rows for g in groups) > most_rows:
            raise UserError(f"it holds more than {most_bytes:,} bytes or {most_rows:,} rows")
        texts = [field.name for field in kept if _is_text(field.type)]
        # Read as an index into the texts that differ, a text that stands in a million rows is one in memory.
        with parquet.ParquetFile(table, read_dictionary=texts) as file:
            for batch in file.iter_batches(BATCH, columns=[field.name for field in kept]):
                size += sum(map(_bytes, batch.columns))
                if size > most_bytes or len(rows) + len(batch) > most_rows:
                    raise UserError(f"it stands for more than {most_bytes:,} bytes or {most_rows:,} rows")
                rows += batch.to_pylist()
    except (ArrowException, OSError, ValueError, ArithmeticError, LookupError) as error:
        reason = str(error).splitlines() or [type(error).__name__]
        raise UserError(f"{table} cannot be read: {reason[0][:200]}") from error
    return rows


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_plain(field: Field) -> bool:
    from pyarrow import types

    return _is_text(field.type) or types.is_primitive(field.type) or types.is_null(field.type)


def _bytes(column: Array) -> int:
    """What the values of a column take as texts and numbers of their own."""
    from pyarrow import DictionaryArray, compute

    if not isinstance(column, DictionaryArray):
        return int(column.nbytes)
    lengths = compute.binary_length(column.dictionary)
    return int(compute.sum(lengths.take(column.indices)).as_py() or 0)
