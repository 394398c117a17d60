"""The model that ships with the project: hashed weights, no text inside; its card is `base_model/MODEL_CARD.md`."""

from functools import cache
from pathlib import Path

from workers.triage.model.category import CategoryModel, category_model

FILE = Path(__file__).parent.parent / "base_model" / "classify.npz"


@cache
def shipped_model() -> CategoryModel:
    """The shipped model, read once per process; ArtifactError when its file is damaged, OSError when it is missing."""
    return category_model(FILE.read_bytes(), shipped=None)
