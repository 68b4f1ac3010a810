#!/usr/bin/env python3
"""A small receiver of webhooks: it verifies, forgets nothing it has answered for, and fetches what it is told of.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_… COLLIMATOR_URL=http://127.0.0.1:8080 COLLIMATOR_KEY=clm_key_… ./webhook_receiver.py 9000

Without a key it prints what it gets and fetches nothing. Put it behind TLS for anything but loopback.
"""

import json
import os
import sqlite3
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# Both secrets while one replaces the other, separated by a space.
VERIFIERS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRET"].split()]
GATEWAY = os.environ.get("COLLIMATOR_URL", "")
KEY = os.environ.get("COLLIMATOR_KEY", "")
BODY_BYTES_MAX = 64 * 1024


def database():
    connection = sqlite3.connect("webhooks-received.db", timeout=10)
    connection.execute("CREATE TABLE IF NOT EXISTS message (id TEXT PRIMARY KEY, body TEXT NOT NULL)")
    return connection


def verified(body: bytes, headers: dict):
    for verifier in VERIFIERS:
        try:
            return verifier.verify(body, headers)
        except WebhookVerificationError:
            continue
    return None


def handle(event: dict):
    """What the receiver is for; here, to look the study up. What may be seen is decided when this asks."""
    print(event["type"], event.get("subject", ""), flush=True)
    link = event["data"].get("links", {}).get("study")
    if link and KEY:
        request = urllib.request.Request(GATEWAY + link, headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            study = json.load(answer)
            print(f"  {study['description']}: {study['instanceCount']} images", flush=True)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = int(self.headers.get("Content-Length", "0"))
        if length > BODY_BYTES_MAX:
            return self.answer(413)
        body = self.rfile.read(length)
        event = verified(body, dict(self.headers))
        if event is None:
            return self.answer(401)
        if event["type"] == "webhook.challenge":
            return self.answer(200, {"challenge": event["challenge"]})
        if event["type"] == "webhook.test":
            return self.answer(204)
        # Written down first, answered then: what was answered for is never sent again by itself.
        with database() as connection:
            new = connection.execute(
                "INSERT OR IGNORE INTO message VALUES (?, ?)", (self.headers["webhook-id"], body.decode())
            ).rowcount
        self.answer(204)
        if new:
            handle(event)

    def answer(self, status: int, body: dict | None = None):
        data = json.dumps(body).encode() if body else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
