"""公众: the blueprint that everybody's pages hang on."""

from flask import Blueprint

public = Blueprint("public", __name__)
