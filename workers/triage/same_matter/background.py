"""How common each gram is in residents' words anywhere, so that a young district weighs words as rightly as an old one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from workers.triage.model.artifact import Artifact, ArtifactError, read_artifact, write_artifact

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TASK = "grams"
FILE = Path(__file__).parent.parent / "base_model" / "grams.npz"

_DAMPED = 0.7

BACKGROUND_MESSAGES = 2000.0
"""The background weighs as much as this many messages of the district itself."""


@dataclass(frozen=True, eq=False)
class Background:
    """Hashed `grams`, sorted, and in what share of messages each stands; a gram that isn't listed is rare everywhere."""

    grams: npt.NDArray[np.int32]
    shares: npt.NDArray[np.float32]

    def shares_of(self, grams: Ints) -> Floats:
        """The share of messages, 0 to 1, for each of `grams`."""
        if not len(self.grams) or not len(grams):
            return np.zeros(len(grams))
        at = np.minimum(np.searchsorted(self.grams, grams), len(self.grams) - 1)
        return np.where(self.grams[at] == grams, self.shares[at], 0.0).astype(np.float64)

    def expected(self, gram: int) -> float:
        """In how many of BACKGROUND_MESSAGES messages the gram would stand."""
        return self._table.get(gram, 0.0)

    @cached_property
    def _table(self) -> dict[int, float]:
        return dict(zip(self.grams.tolist(), (self.shares * BACKGROUND_MESSAGES).tolist(), strict=True))


def weights(shares: Floats, grams: Ints, *, df: Mapping[int, int], total: int) -> Floats:
    """How much each gram tells: large for a gram that few messages hold, of the district's own (`df` of `total`) and elsewhere."""
    own = np.fromiter(map(df.get, grams.tolist(), repeat(0)), dtype=np.float64, count=len(grams))
    seen = BACKGROUND_MESSAGES + max(total, 0) + 1
    # Damped, so that a matter many people write about doesn't wash out its own words.
    return np.log(np.maximum(seen / (BACKGROUND_MESSAGES * shares + own**_DAMPED + 1), 1.02))


@cache
def base_background() -> Background:
    """The shipped counts, read once per process; ArtifactError when the file is damaged, OSError when it is missing."""
    arrays = read_artifact(FILE.read_bytes(), task=TASK).arrays
    try:
        background = Background(arrays["grams"].astype(np.int32), arrays["shares"].astype(np.float32))
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(f"the file of grams lacks a part or has a wrong one: {error}") from error
    if background.grams.ndim != 1 or background.grams.shape != background.shares.shape or (np.diff(background.grams) <= 0).any():
        raise ArtifactError("the arrays in the file of grams don't fit one another")
    return background


def background_file(background: Background, card: Mapping[str, object]) -> bytes:
    """The bytes of a file that `base_background` reads."""
    return write_artifact(Artifact(TASK, {"grams": background.grams, "shares": background.shares.astype(np.float16)}, card))
