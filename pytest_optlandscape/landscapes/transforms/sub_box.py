"""Restriction of a landscape to a part of its box, with the minimum there if it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pytest_optlandscape.landscapes.arguments import as_frozen, listed
from pytest_optlandscape.landscapes.frozen import set_attributes
from pytest_optlandscape.landscapes.minimizers import MinimizerList, Minimizers, NoMinimizers
from pytest_optlandscape.landscapes.noise import Move, Noise, Observer
from pytest_optlandscape.landscapes.validation import check_lowest

if TYPE_CHECKING:
    from pytest_optlandscape.landscapes.landscape import Landscape

__all__ = ["within"]

FloatArray = NDArray[np.float64]

_OF_THE_MINIMIZER = frozenset({"active-bounds", "many-minimizers", "ill-conditioned", "valley", "deceptive"})
"""Tags that may fail if the minimisers are cut off."""


def within(landscape: Landscape, bounds: ArrayLike) -> Landscape:
    """Restrict a landscape to a part of its box; see `Landscape.within`."""
    box = as_frozen(bounds)
    outer = landscape.bounds
    if box.shape != outer.shape:
        raise ValueError(f"bounds for {landscape.id} must have shape {outer.shape}, got {box.shape}")
    lower, upper = box.T
    if not np.all((outer[:, 0] <= lower) & (lower <= upper) & (upper <= outer[:, 1])):
        raise ValueError(
            f"a box must lie within the bounds of {landscape.id}, {outer.tolist()}, with lower <= upper; "
            f"got {box.tolist()}"
        )
    whole = landscape.uncut or landscape
    if np.array_equal(box, whole.bounds):
        return whole
    numbers = box.ravel().tolist()
    part = whole.renamed(f"{whole.id}:within({listed(numbers)})", made_by=(within, (whole, box)))
    kept = whole.all_minimizers.within(lower, upper)
    minimizers = kept or _moved_onto_bounds(whole, box) or NoMinimizers(whole.dim)
    set_attributes(
        part,
        written=f"{whole!r}.within({box.tolist()})",
        uncut=whole,
        bounds=box,
        x0=as_frozen(np.clip(whole.x0, lower, upper)),
        starts=MappingProxyType({k: as_frozen(np.clip(x, lower, upper)) for k, x in whole.starts.items()}),
        noise=whole.noise and _NoiseOfTheWhole.of(whole.noise, whole),
        all_minimizers=minimizers,
        minimizers_complete=whole.minimizers_complete and minimizers.listed_all,
    )
    if kept is None:
        set_attributes(part, fmin=float(whole(part.minimizers[0])) if len(part.minimizers) else np.nan)
        part._fmin_tolerance = None
        if part.minimum_is_known and whole._validate and not whole.family:
            check_lowest(part, f"the tags of {whole.id} include separable and unimodal; correct them")
    set_attributes(part, tags=_tags(whole, part, is_cut_off=kept is None))
    return part


def _moved_onto_bounds(whole: Landscape, box: FloatArray) -> Minimizers | None:
    """Return the minimiser of a separable unimodal landscape: the original one clipped to the box."""
    one_by_one = {"separable", "unimodal"} <= whole.tags and "constrained" not in whole.tags
    if not (one_by_one and whole.minimizers_complete and whole.n_minimizers == 1):
        return None
    return MinimizerList(np.clip(whole.minimizers, box[:, 0], box[:, 1]))


def _tags(whole: Landscape, part: Landscape, *, is_cut_off: bool) -> frozenset[str]:
    tags = set(whole.tags)
    if not tags & {"convex", "separable"}:  # a valley may be cut into two
        tags.discard("unimodal")
    tags.discard("multimodal")
    if is_cut_off:
        tags -= _OF_THE_MINIMIZER
        if whole.minimizers_complete:
            tags.add("unbounded-below")
    if part.n_minimizers == 1:
        tags.discard("many-minimizers")
    if (part.minimizers[:, :, np.newaxis] == part.bounds).any():
        tags.add("active-bounds")
    return frozenset(tags)


@dataclass(frozen=True)
class _NoiseOfTheWhole(Noise):
    """The noise of the original landscape: the noise at a point does not depend on the bounds."""

    noise: Noise = field(kw_only=True)
    whole: Landscape = field(kw_only=True)

    @classmethod
    def of(cls, noise: Noise, whole: Landscape) -> Noise:
        return cls(noise.level, noise.seed, noise=noise, whole=whole)

    @property
    def label(self) -> str:
        return self.noise.label

    def observer(self, landscape: Landscape, seed: int = 0) -> Observer:
        del landscape
        return self.noise.observer(self.whole, seed)

    def moved(self, move: Move) -> Noise:
        return self.of(self.noise.moved(move), move.apply(self.whole))
