"""Google's own emulator of Pub/Sub, where it is installed: a Pub/Sub that nobody here has written."""

import os
from pathlib import Path

import requests

from support.servers import Server, free_port

EXECUTABLE = Path(
    os.environ.get(
        "COLLIMATOR_PUBSUB_EMULATOR", "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/bin/cloud-pubsub-emulator"
    )
)


def is_installed() -> bool:
    return EXECUTABLE.is_file()


class GooglePubSub(Server):
    """It keeps everything in memory and asks nobody for a credential."""

    def __init__(self, folder: Path):
        super().__init__(EXECUTABLE, folder)
        self.port = free_port()

    def command(self):
        return ["--host=127.0.0.1", f"--port={self.port}"]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_ready(self):
        return requests.get(self.url, timeout=5).status_code == 200

    def call(self, method: str, path: str, body=None) -> dict:
        answer = requests.request(method, f"{self.url}/v1/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()
