"""What webhooks are measured with: a receiver, gateways that may call it, and the feed that says what was committed."""

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .catalog_servers import HERE
from .servers import Gateway, Peer

QUIET_SECONDS = 5
WEBHOOKS = "/api/v1/webhooks"
WORKERS = 4


class Receiver:
    """peers/receiver.c: takes messages and keeps a ledger of them."""

    def __init__(self, folder: Path):
        self.program = folder / "receiver"
        compiler = shutil.which("cc") or shutil.which("clang")
        subprocess.run([compiler, "-O2", "-o", self.program, HERE / "peers/receiver.c"], check=True)

    def __enter__(self):
        self.process = subprocess.Popen([self.program], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def url(self, number: int, way="hook") -> str:
        return f"http://127.0.0.1:{self.port}/{way}/{number}"

    def ask(self, method: str, path: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def counts(self) -> dict:
        return json.loads(self.ask("GET", "/counts"))

    def forget(self):
        self.ask("POST", "/forget")

    def ledger(self) -> list["Arrival"]:
        return [Arrival(line) for line in self.ask("GET", "/ledger").decode().splitlines()]

    def wait_for(self, messages: int, patience: float, limit=300.0) -> dict:
        """Until so many have arrived, or none has for so long, or the limit has passed."""
        seen, since = -1, time.monotonic()
        end = since + limit
        while True:
            counts = self.counts()
            if counts["arrived"] != seen:
                seen, since = counts["arrived"], time.monotonic()
            if seen >= messages or time.monotonic() > min(end, since + patience):
                return counts
            time.sleep(0.1)


class Arrival:
    """One message of the ledger."""

    __slots__ = ("hook", "at", "milliseconds", "id", "type", "study")

    def __init__(self, line: str):
        hook, arrived, written, self.id, self.type, self.study = line.split()
        self.hook = int(hook)
        self.at = int(arrived) / 1e6
        # Since the event was written down with what it tells of.
        self.milliseconds = int(arrived) / 1000 - int(written)


class HookGateway(Peer):
    """`collimator serve` with a store of its own, which lets it call receivers on this machine without encryption."""

    name = "Collimator"
    ready_path = "/readyz"

    def command(self):
        os.environ["COLLIMATOR_ADMIN_KEY"] = Gateway.key
        text = (
            f"webhooks:\n  allowedPrivateNetworks: [127.0.0.0/8]\nevents:\n  quietTime: {QUIET_SECONDS}\n"
            "catalog:\n  requestsPerSecond: 10000\nemulator:\n  port: 0\n"
        )
        configuration = self.folder.parent / f"{self.folder.name}.yaml"
        configuration.write_text(text)
        return [Gateway.binary, "serve", "--config", configuration, "--port", self.port, "--data-dir", self.folder]

    def headers(self):
        return {"Authorization": f"Bearer {Gateway.key}"}

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def call(self, method: str, path: str, body=None, headers: dict | None = None) -> dict:
        """One request over a connection of its own; what is no success ends the run."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        data = None if body is None else json.dumps(body)
        more = {"Accept": "application/json"} | ({} if body is None else {"Content-Type": "application/json"})
        connection.request(method, path, data, self.headers() | more | (headers or {}))
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path.split('?')[0]}: status {answer.status}: {text[:300]!r}")
        return json.loads(text) if text else {}

    def connect(self, urls: list[str], types: list[str]) -> list[str]:
        """Endpoints that have answered their challenges and may read; gives their ids."""
        def one(url: str) -> str:
            made = self.call("POST", WEBHOOKS, {"name": "a receiver", "url": url, "types": types})
            self.call("POST", f"{WEBHOOKS}/{made['id']}/challenges")
            return made["id"]

        with ThreadPoolExecutor(WORKERS) as workers:
            endpoints = list(workers.map(one, urls))
        policy = self.call("GET", "/api/v1/access/policy")
        policy["rules"] = policy.get("rules", []) + [
            {
                "id": endpoint.lower().replace("_", "-"), "effect": "allow", "principal": f"client:{endpoint}",
                "role": "viewer", "resource": "stores/radiology",
            }
            for endpoint in endpoints
        ]
        self.call("PUT", "/api/v1/access/policy", policy, {"If-Match": "*"})
        return endpoints

    def remove(self, endpoints: list[str]):
        with ThreadPoolExecutor(WORKERS) as workers:
            list(workers.map(lambda endpoint: self.call("DELETE", f"{WEBHOOKS}/{endpoint}"), endpoints))

    def deliveries(self) -> int:
        """How many were written down so far: their numbers have no gaps."""
        database = sqlite3.connect(f"file:{self.folder / 'webhooks.db'}?mode=ro", uri=True)
        try:
            return database.execute("SELECT COALESCE(MAX(id), 0) FROM delivery").fetchone()[0]
        finally:
            database.close()


class Feed:
    """What the gateway has committed, from where it was last asked."""

    def __init__(self, gateway: HookGateway):
        self.gateway = gateway
        self.cursor = ""
        self.news()

    def news(self) -> list[dict]:
        events = []
        while True:
            after = f"&after={self.cursor}" if self.cursor else ""
            page = self.gateway.call("GET", f"/api/v1/events?limit=1000{after}")
            self.cursor = page["nextCursor"]
            if not page["items"]:
                return events
            events += page["items"]


def write_events(folder: Path, kind: str, count: int):
    """Puts so many events of studies that are there into the feed of a gateway that is not running.

    It is what a gateway finds that could not deliver for a while: rows of the feed and nothing else, each a copy of one
    that it wrote itself.
    """
    database = sqlite3.connect(folder / "catalog.db")
    columns = [row[1] for row in database.execute("PRAGMA table_info(event)")]
    kept = [column for column in columns if column not in ("sequence", "time")]
    last = database.execute("SELECT value FROM counter WHERE name = 'event'").fetchone()[0]
    there = [row[0] for row in database.execute("SELECT sequence FROM event WHERE type = ?", (kind,))]
    if not there:
        raise SystemExit(f"no event {kind} to copy")
    now = int(time.time() * 1000)
    database.executemany(
        f"INSERT INTO event (sequence, time, {', '.join(kept)}) SELECT ?, ?, {', '.join(kept)} FROM event WHERE sequence = ?",
        ((last + 1 + number, now, there[number % len(there)]) for number in range(count)),
    )
    database.execute("UPDATE counter SET value = ? WHERE name = 'event'", (last + count,))
    database.commit()
    database.close()
