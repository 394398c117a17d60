"""The blueprint of what other systems ask; its refusals are read by programs."""

from flask import Blueprint

api = Blueprint("api", __name__)
