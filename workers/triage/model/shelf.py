"""Models that are in use, each read from its file once a process."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from workers.triage.model.district import DistrictModel, district_model

KEPT = 8
"""Models held at once; one takes about 2 MB."""


class Shelf:
    """Keeps what was used last, each by a key that names one version of one row."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._models: OrderedDict[Hashable, DistrictModel] = OrderedDict()
        self._changing = Lock()

    def get(self, key: Hashable) -> DistrictModel | None:
        """The model of this key, if it stands here."""
        with self._changing:
            model = self._models.get(key)
            if model is not None:
                self._models.move_to_end(key)
            return model

    def put(self, key: Hashable, content: bytes) -> DistrictModel:
        """Read a model from its bytes and keep it; ArtifactError when they are damaged or foreign."""
        model = district_model(content)
        with self._changing:
            self._models[key] = model
            while len(self._models) > self._kept:
                self._models.popitem(last=False)
        return model
