"""Models that are in use, each read from its file once a process."""

from collections import OrderedDict
from threading import Lock

from workers.triage.model.base import shipped_model
from workers.triage.model.category import CategoryModel, category_model

KEPT = 8
"""Models held at once; one takes about 2 MB."""


class Shelf:
    """Keeps what was used last, by its number in the database."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._models: OrderedDict[int, CategoryModel] = OrderedDict()
        self._changing = Lock()

    def get(self, number: int) -> CategoryModel | None:
        """The model of this number, if it stands here."""
        with self._changing:
            model = self._models.get(number)
            if model is not None:
                self._models.move_to_end(number)
            return model

    def put(self, number: int, content: bytes) -> CategoryModel:
        """Read a model from its bytes and keep it; ArtifactError when they are damaged or foreign."""
        model = category_model(content, shipped=shipped_model())
        with self._changing:
            self._models[number] = model
            while len(self._models) > self._kept:
                self._models.popitem(last=False)
        return model
