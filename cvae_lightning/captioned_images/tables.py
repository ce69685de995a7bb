"""Tables of captions as rows: JSON Lines, CSV and Parquet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from cvae_lightning.captioned_images.parquet import parquet_rows
from cvae_lightning.errors import UserError
from cvae_lightning.runs.plain import check_size, parse_json

MOST_BYTES, MOST_ROWS = 500_000_000, 2_000_000
"""Of a table of captions."""


def read_rows(table: Path, count: int | None = None) -> list[dict[str, Any]]:
    """The rows of a table.

    Args:
        table: the file, ``.jsonl``, ``.csv`` or ``.parquet``.
        count: how many it must have; any number of at least 1 for None.

    Raises:
        UserError: it cannot be read, or has another number of rows.
    """
    if table.suffix == ".parquet":
        check_size(table, MOST_BYTES)
        rows = parquet_rows(table, MOST_BYTES, MOST_ROWS)
    else:
        rows = _text_rows(table)
    if not rows or (count is not None and len(rows) != count):
        raise UserError(f"{table} has {len(rows)} lines: expected {count or 'at least 1'}")
    return rows


def _text_rows(table: Path) -> list[dict[str, Any]]:
    text = read_text(table)
    try:
        return list(_csv_rows(table, text) if table.suffix == ".csv" else _json_rows(table, text))
    except csv.Error as error:
        raise UserError(f"{table} cannot be read: {error}") from error


def _csv_rows(table: Path, text: str) -> Iterator[dict[str, Any]]:
    rows = csv.DictReader(StringIO(text))
    for row in rows:
        if None in row:  # what has no column
            columns = len(rows.fieldnames or ())
            raise UserError(
                f"{table}, line {rows.line_num} has more values than the first line has columns ({columns})"
            )
        yield row


def _json_rows(table: Path, text: str) -> Iterator[dict[str, Any]]:
    whole = _parsed(text)
    lines = [text] if isinstance(whole, dict) else text.split("\n")  # GenEval writes one object
    for number, line in enumerate(lines, start=1):
        row = _parsed(line)
        if not isinstance(row, dict) and line.strip():
            raise UserError(f"{table}, line {number} cannot be read: expected a JSON object")
        if isinstance(row, dict):
            yield row


def _parsed(text: str) -> Any:
    try:
        return parse_json(text)
    except (ValueError, RecursionError):
        return None


def read_text(file: Path) -> str:
    try:
        check_size(file, MOST_BYTES)
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} cannot be read: it is not UTF-8 text ({error.reason})") from error
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
