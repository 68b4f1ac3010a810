"""A receiver of webhooks on loopback, which verifies with the libraries that receivers use and keeps what it got."""

import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from standardwebhooks.webhooks import Webhook as StandardWebhook
from svix.webhooks import Webhook as SvixWebhook


class Receiver:
    """Answers challenges, and everything else with `status`; each message that came is kept as it was sent."""

    def __init__(self, certificate: tuple[Path, Path] | None = None, callers: Path | None = None):
        """`callers` is a file with the certificates of those who are let in; nobody is asked for one without it."""
        self.secret: str | None = None
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answers_challenges = True
        self.messages: list[dict] = []
        self.challenges: list[dict] = []
        self.lock = threading.Lock()
        self.certificate = certificate
        self.callers = callers

    def __enter__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.take(self, {k.lower(): v for k, v in self.headers.items()}, body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            if self.callers:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(self.callers)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://127.0.0.1:{self.port}/hook"

    def take(self, request, headers, body):
        event = json.loads(body)
        message = {"headers": headers, "body": body, "event": event, "at": time.monotonic()}
        status, answer = self.status, b""
        if event["type"] == "webhook.challenge":
            with self.lock:
                self.challenges.append(message)
            if self.answers_challenges:
                status, answer = 200, json.dumps({"challenge": event["challenge"]}).encode()
        else:
            with self.lock:
                self.messages.append(message)
        request.send_response(status)
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)

    def verify(self, message, secret=None, headers=None, body=None):
        """By both libraries; raises where one of them does not believe it."""
        given = headers or message["headers"]
        text = message["body"] if body is None else body
        for library in (StandardWebhook, SvixWebhook):
            library(secret or self.secret).verify(text, given)

    def events(self, kind=None) -> list[dict]:
        with self.lock:
            return [m["event"] for m in self.messages if kind in (None, m["event"]["type"])]

    def ids(self) -> list[str]:
        with self.lock:
            return [m["headers"]["webhook-id"] for m in self.messages]
