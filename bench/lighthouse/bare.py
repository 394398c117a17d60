"""The bare reference: one page without style and script, on the same gunicorn with the same options as ours."""

import sys
from contextlib import ExitStack
from dataclasses import replace

from flask import Flask

from config.settings import Settings
from intake.cli.serve import WebServer

PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>bare</title></head><body><main><h1>直报点</h1><p>一句话也可以。</p></main></body></html>"""


class BareServer(WebServer):
    """Ours, with nothing in it."""

    def load(self) -> Flask:
        """Called once in each process."""
        app = Flask(__name__, static_folder=None)
        app.config["MAX_CONTENT_LENGTH"] = 512 * 1024  # our gunicorn worker reads it
        app.extensions["wiring"] = ExitStack()  # which our gunicorn closes at the end
        app.add_url_rule("/", view_func=lambda: PAGE)
        return app


if __name__ == "__main__":  # python -m bench.lighthouse.bare PORT
    sys.argv, port = sys.argv[:1], int(sys.argv[1])
    BareServer(replace(Settings(), port=port)).run()
