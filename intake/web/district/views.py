"""区政协工作人员: what waits, the board, one topic, the decisions, one submission."""

from intake.web.district import board, home, submission
from intake.web.district.blueprint import district

__all__ = ["board", "district", "home", "submission"]
