"""What a painter gives: images with their captions and verdicts, which a notebook shows by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import overload

from PIL import Image

from cvae_lightning.inference.candidates import PaintedImage
from cvae_lightning.pictures.grids import captioned_grid
from cvae_lightning.world import Verdict


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pictures(Sequence[Image.Image]):
    """Images with their captions; a sequence of the images, which a notebook shows as a grid.

    Attributes:
        images: the pixels.
        captions: one per image; the verdict is about it.
        verdicts: the judge's, one per image; None for an image that was not judged.

    Example:
        >>> pictures = Pictures((Image.new("RGB", (32, 32)),), ("a red star",), (None,))
        >>> pictures[0].size, pictures
        ((32, 32), Pictures(1: 'a red star', not judged))
    """

    images: tuple[Image.Image, ...]
    captions: tuple[str, ...]
    verdicts: tuple[Verdict | None, ...]

    @classmethod
    def of(cls, painted: Sequence[PaintedImage]) -> Pictures:
        """The same without how each was made."""
        images, captions = (tuple(getattr(one, name) for one in painted) for name in ("image", "caption"))
        return cls(images, captions, tuple(one.verdict for one in painted))

    @property
    def correct(self) -> tuple[bool | None, ...]:
        """Whether each image shows exactly what its caption says; None where it was not judged."""
        return tuple(None if verdict is None else verdict.all for verdict in self.verdicts)

    def grid(self, columns: int | None = None) -> Image.Image:
        """All of them as one image: each over its caption, in a frame that shows its verdict."""
        return captioned_grid(self.images, self.captions, columns, self.correct)

    def __len__(self) -> int:
        return len(self.images)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...

    @overload
    def __getitem__(self, index: slice) -> Pictures: ...

    def __getitem__(self, index: int | slice) -> Image.Image | Pictures:
        if isinstance(index, slice):
            return Pictures(self.images[index], self.captions[index], self.verdicts[index])
        return self.images[index]

    def __repr__(self) -> str:
        captions = ", ".join(repr(caption) for caption in dict.fromkeys(self.captions))
        judged = [right for right in self.correct if right is not None]
        return f"Pictures({len(self)}: {captions}, {f'{sum(judged)} right' if judged else 'not judged'})"

    def _repr_png_(self) -> bytes | None:
        return png(self.grid()) if self.images else None


@dataclass(frozen=True, slots=True, eq=False)
class PictureRows(Sequence[Pictures]):
    """The pictures of several captions, one row per caption; a notebook shows them as a grid.

    Attributes:
        rows: the pictures of each caption, of equal number.

    Example:
        >>> row = Pictures((Image.new("RGB", (32, 32)),), ("a red star",), (None,))
        >>> len(PictureRows((row, row)))
        2
    """

    rows: tuple[Pictures, ...]

    def grid(self) -> Image.Image:
        """All of them as one image, a row per caption."""
        images, captions, verdicts = (
            tuple(one for row in self.rows for one in getattr(row, name)) for name in ("images", "captions", "verdicts")
        )
        return Pictures(images, captions, verdicts).grid(columns=len(self.rows[0]) if len(self.rows[0]) > 1 else None)

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Pictures: ...

    @overload
    def __getitem__(self, index: slice) -> PictureRows: ...

    def __getitem__(self, index: int | slice) -> Pictures | PictureRows:
        return PictureRows(self.rows[index]) if isinstance(index, slice) else self.rows[index]

    def _repr_png_(self) -> bytes | None:
        return png(self.grid()) if self.rows else None


def png(image: Image.Image) -> bytes:
    """An image as the bytes of a PNG."""
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
