"""A thumbnail that is in memory, beside nginx that serves the same bytes from a file and from its cache."""

import os
import statistics
import urllib.request
from pathlib import Path

from .beside_orthanc import Files
from .gateway import in_turn
from .load import Load
from .process import store_through
from .servers import Gateway, Peer

CONNECTIONS = 8

# One server gives the file, one gives it out of its cache after another has agreed to each request.
NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes auto;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=pictures:1m;
    sendfile on;
    keepalive_requests 1000000;
    open_file_cache max=1000;
    types {{ image/webp webp; }}
    upstream self {{ server 127.0.0.1:{port}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location = /healthz {{ return 200; }}
        location /pictures/ {{ root {folder}; }}
        location = /decide {{
            if ($http_authorization = "Bearer {key}") {{ return 204; }}
            return 401;
        }}
        location = /asked {{
            internal;
            proxy_pass http://self/decide;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
        location /cached/ {{
            auth_request /asked;
            proxy_pass http://self/pictures/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_cache pictures;
            proxy_cache_valid 200 1h;
        }}
    }}
}}
"""


class PictureNginx(Peer):
    """nginx with one picture, in a process for each core."""

    ready_path = "/healthz"

    def __init__(self, folder: Path, picture: bytes):
        super().__init__(folder)
        (folder / "pictures").mkdir()
        (folder / "pictures/picture.webp").write_bytes(picture)

    def command(self):
        path = self.folder / "nginx.conf"
        # Started by root, its workers would be somebody who may not read the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        path.write_text(NGINX.format(user=user, folder=self.folder, port=self.port, key=Gateway.key))
        return ["nginx", "-c", path, "-p", self.folder]


class Way:
    """One way to the picture."""

    def __init__(self, name: str, peer: Peer, path: str):
        self.name, self.peer, self.port, self.path = name, peer, peer.port, path

    def headers(self):
        return {"Authorization": f"Bearer {Gateway.key}"}


def measure(load: Load, files: Files, folder: Path, rounds: int, seconds: float, say) -> dict:
    with Gateway(folder / "thumbnail-gateway") as gateway:
        say("thumbnails: storing the studies")
        store_through(gateway, files, everything=True)
        path = f"/api/v1/stores/radiology/studies/{files.studies[0]}/thumbnail?size=256&format=webp"
        picture = fetch(gateway, path)
        with PictureNginx(folder / "thumbnail-nginx", picture) as nginx:
            ways = [
                Way("Collimator serve", gateway, path),
                Way("nginx, a file, nobody checked", nginx, "/pictures/picture.webp"),
                Way("nginx, proxy_cache and auth_request", nginx, "/cached/picture.webp"),
            ]
            taken = in_turn(
                rounds, ways, lambda way: load.run(way, [f"GET {way.path}"], {}, CONNECTIONS, seconds),
                lambda way: say(f"thumbnails: {way.name}"),
            )
    return {
        "bytes": len(picture),
        "of": {
            name: {key: statistics.median(result[key] for result in results) for key in ("rate", "p50", "p99")}
            for name, results in taken.items()
        },
    }


def fetch(gateway: Gateway, path: str) -> bytes:
    request = urllib.request.Request(f"http://127.0.0.1:{gateway.port}{path}", headers=gateway.headers())
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()
