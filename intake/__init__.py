"""Zhibao: from a sentence on a community's wall to an answer."""
