"""Tables of captions that stand for more than memory holds are refused before they are unpacked."""

from pathlib import Path

import pytest

from attacks.fuzz.guard import guarded
from cvae_lightning.captioned_images.tables import read_rows
from cvae_lightning.errors import UserError

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def repeated(texts: int, length: int) -> "pyarrow.Table":
    """A column of one text, many times: each row is an index."""
    indices = pyarrow.array([0] * texts, pyarrow.int32())
    return pyarrow.table({"file_name": pyarrow.DictionaryArray.from_arrays(indices, pyarrow.array(["x" * length]))})


BOMBS = {
    "a text a million times": lambda: repeated(1_000_000, 100_000),
    "rows of nothing": lambda: pyarrow.table({"file_name": pyarrow.nulls(3_000_000)}),
}


@pytest.mark.parametrize("plain", [False, True], ids=["indices", "texts"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_within_bounds(tmp_path: Path, bomb: str, plain: bool) -> None:
    table = tmp_path / "metadata.parquet"
    content = BOMBS[bomb]()
    with parquet.ParquetWriter(table, content.schema, compression="zstd", store_schema=not plain) as file:
        file.write_table(content)
    assert table.stat().st_size < 100_000
    with guarded(tmp_path), pytest.raises(UserError, match=r"metadata\.parquet cannot be read: it"):
        read_rows(table)


def test_texts_that_repeat_and_numbers_are_read(tmp_path: Path) -> None:
    rows = [
        {"file_name": f"{index}.png", "text": "a red star", "index": index, "right": True} for index in range(2_500)
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "metadata.parquet")
    assert read_rows(tmp_path / "metadata.parquet") == rows
