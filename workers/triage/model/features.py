"""Hashed character n-grams of texts of any length: no word list, no text inside, the same numbers on every machine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
_Hashes = npt.NDArray[np.uint64]

_START, _END = "\x02", "\x03"
_MULTIPLY, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
_SEED, _OPENING = np.uint64(1), np.uint64(77)


@dataclass(frozen=True, slots=True)
class Grams:
    """Every n-gram of a batch of texts, one entry for each place where one stands."""

    texts: Ints
    """Which text of the batch."""
    starts: Ints
    """At which character; the mark before the first is -1."""
    lengths: Ints
    buckets: Ints


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse matrix: row `i` holds `buckets[ends[i - 1]:ends[i]]` with their values, buckets rising."""

    ends: Ints
    buckets: Ints
    values: Floats


@dataclass(frozen=True, slots=True)
class FeatureSpace:
    """How a text becomes numbers: the longest n-gram, the number of buckets as a power of two, and how much of a text is read.

    What stands within the first `opening` characters is counted once more, in buckets of its own: people begin with the matter.
    """

    longest: int
    bits: int
    characters: int
    opening: int = 0

    @property
    def buckets(self) -> int:
        """How many there are."""
        return 1 << self.bits

    def grams(self, texts: Sequence[str]) -> Grams:
        """All n-grams of texts in matching form, marks for beginning and end included."""
        marked = [f"{_START}{text[: self.characters]}{_END}" for text in texts]
        lengths = np.fromiter(map(len, marked), np.int64, len(marked))
        points = np.frombuffer("".join(marked).encode("utf-32-le", "surrogatepass"), np.dtype("<u4")).astype(np.uint64)
        owner = np.repeat(np.arange(len(marked)), lengths)
        place = np.arange(len(points)) - np.repeat(np.cumsum(lengths) - lengths, lengths) - 1
        found: list[tuple[Ints, Ints, Ints, _Hashes]] = []
        hashes = np.zeros(len(points), np.uint64)
        for n in range(1, self.longest + 1):
            count = max(0, len(points) - n + 1)
            hashes = _mixed((hashes[:count] if n > 1 else _SEED) * _MULTIPLY + points[n - 1 :])
            inside = owner[:count] == owner[n - 1 :]
            found.append((owner[:count][inside], place[:count][inside], np.full(int(inside.sum()), n), hashes[inside]))
            if self.opening:
                early = inside & (place[:count] + n <= self.opening)
                found.append((owner[:count][early], place[:count][early], np.full(int(early.sum()), n), _mixed(hashes[early] + _OPENING)))
        texts_of, starts, ns, all_hashes = (np.concatenate(column) for column in zip(*found, strict=True))
        return Grams(texts_of, starts, ns, (all_hashes >> np.uint64(64 - self.bits)).astype(np.int64))

    def rows(self, texts: Sequence[str], idf: Floats) -> Rows:
        """Sublinear tf-idf with rows of length one; buckets whose idf is 0 are left out."""
        grams = self.grams(texts)
        kept = idf[grams.buckets] > 0
        cells, counts = np.unique(grams.texts[kept] << self.bits | grams.buckets[kept], return_counts=True)
        owner, buckets = cells >> self.bits, cells & (self.buckets - 1)
        values = (1 + np.log(counts)).astype(np.float32) * idf[buckets]
        norms = np.sqrt(np.bincount(owner, weights=values * values, minlength=len(texts)))
        return Rows(np.cumsum(np.bincount(owner, minlength=len(texts))), buckets, (values / norms[owner]).astype(np.float32))


def _mixed(hashes: _Hashes) -> _Hashes:
    mixed: _Hashes = (hashes ^ (hashes >> np.uint64(31))) * _MIX
    return mixed ^ (mixed >> np.uint64(29))
