"""An OpenAI-compatible endpoint on this machine that answers, or misbehaves, as the test wants."""

import datetime as dt
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Behaviour = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]
"""What is done with a request and its decoded body."""


@dataclass(slots=True)
class Endpoint:
    """Where it is, what it does next, and what it was asked."""

    url: str
    behave: Behaviour
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)
    """Set at the end, so that a slow behaviour doesn't outlive its test."""

    @property
    def material(self) -> str:
        """What residents' words the latest request carried, as sent."""
        return str(self.asked[-1]["messages"][1]["content"])


def says(text: str | None, *, finish: str = "stop", usage: object = None) -> Behaviour:
    """A good answer."""
    counted = {"prompt_tokens": 120, "completion_tokens": 12, "total_tokens": 132} if usage is None else usage
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return sends(json.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": counted}).encode())


def sends(body: bytes, *, status: int = 200, headers: dict[str, str] | None = None) -> Behaviour:
    """Any answer at all."""

    def behave(request: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return behave


def echo(request: BaseHTTPRequestHandler, asked: dict[str, Any]) -> None:
    """A model that does what the last resident says: it repeats it."""
    says(json.loads(asked["messages"][1]["content"])[-1])(request, asked)


def hang_up(request: BaseHTTPRequestHandler, _asked: dict[str, Any]) -> None:
    """Close without a word."""
    request.close_connection = True


@contextmanager
def endpoint(behave: Behaviour, *, certificate: tuple[Path, Path] | None = None) -> Iterator[Endpoint]:
    """A running endpoint; with a certificate and its key it speaks TLS."""
    made = Endpoint("", behave)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            made.paths.append(self.path)
            made.headers.append(dict(self.headers.items()))
            made.asked.append(json.loads(raw) if self.headers.get_content_type() == "application/json" else {"raw": raw})
            with suppress(OSError):
                made.behave(self, made.asked[-1])
            self.close_connection = True

        def do_GET(self) -> None:
            made.paths.append(self.path)
            self.close_connection = True

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Keep quiet."""

        def log_error(self, *args: object) -> None:
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            del request, client_address  # a client that hangs up is what many tests are about

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join()


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    where = folder / "certificate.pem", folder / "key.pem"
    where[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    where[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return where
