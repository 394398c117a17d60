"""社区工作者: the blueprint their pages hang on."""

from flask import Blueprint
from werkzeug.wrappers import Response

community = Blueprint("community", __name__, url_prefix="/worker")

Page = str | Response | tuple[str, int]
