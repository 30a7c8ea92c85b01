"""Tensors that share memory, as functions of one another.

In: a tensor and another one that is a view of it. Out: the one as a function of the other, whose
gradient PyTorch knows.
"""

from __future__ import annotations

from typing import NamedTuple

import torch


class Layout(NamedTuple):
    """Where the entries of a tensor stand in the memory that it shares with others."""

    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, x: torch.Tensor) -> Layout:
        """That of a tensor."""
        return cls(tuple(x.size()), tuple(x.stride()), x.storage_offset())

    def places(self, size: int) -> torch.Tensor:
        """The place of each entry, in memory of that size."""
        return torch.arange(size).as_strided(*self)


def seen_through(whole: Layout, part: Layout, size: int, base: torch.Tensor) -> torch.Tensor:
    """A view of the base."""
    at = whole.places(size)
    memory = base.new_zeros(size).index_put((at,), base)
    return memory[part.places(size)]


def with_part(
    whole: Layout, part: Layout, size: int, base: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    """The base, of which a view has become `x`; as_strided_scatter has a wrong gradient."""
    at = whole.places(size)
    memory = base.new_zeros(size).index_put((at,), base)
    return memory.index_put((part.places(size),), x)[at]


def layouts(base: torch.Tensor, x: torch.Tensor) -> tuple[Layout, Layout, int]:
    """Those of both, and the size of their memory."""
    return Layout.of(base), Layout.of(x), x.untyped_storage().nbytes() // x.element_size()
