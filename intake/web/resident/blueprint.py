"""居民: the blueprint their pages hang on."""

from flask import Blueprint
from werkzeug.wrappers import Response

resident = Blueprint("resident", __name__)

Page = str | Response | tuple[str, int]
