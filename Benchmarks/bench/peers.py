"""What the gateway is measured beside: nginx and a FastAPI service, in front of the same emulator."""

import os
import subprocess
import sys
from pathlib import Path

from .servers import Gateway, Peer, free_port

HERE = Path(__file__).resolve().parents[1]

# Buffers that hold a good part of what is under way, no temporary files, connections upstream kept.
NGINX = """
daemon off;
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
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    client_max_body_size 0;
    upstream store {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location = /healthz {{ return 200; }}
        location /dicomweb/radiology/ {{
            proxy_pass http://store{path}/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer {token}";
            proxy_request_buffering off;
            proxy_buffering on;
            proxy_buffer_size 64k;
            proxy_buffers 16 256k;
            proxy_busy_buffers_size 2m;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"""


def benchmark_python() -> Path:
    """The Python of a folder that has the peers of PyPI; it is made the first time, and where they have changed."""
    requirements = HERE / "peers/requirements.txt"
    home = HERE.parent / ".build/bench/venv"
    python = home / "bin/python"
    stamp = home / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements], check=True
        )
        stamp.write_text(requirements.read_text())
    return python


class Nginx(Peer):
    """nginx with `proxy_pass` and large buffers; it adds the token itself and asks the caller for none."""

    name = "nginx"
    ready_path = "/healthz"
    dicomweb = "/dicomweb/radiology"

    def __init__(self, folder: Path, gateway: Gateway):
        super().__init__(folder)
        self.gateway = gateway

    def command(self):
        path = self.folder / "nginx.conf"
        path.write_text(NGINX.format(
            folder=self.folder, port=self.port, upstream=self.gateway.emulator_port, path=Gateway.store_path,
            token=self.gateway.emulator_token(),
        ))
        return ["nginx", "-c", path, "-p", self.folder]


class FastAPI(Peer):
    """peers/studies.py under uvicorn, a process for each core."""

    name = "FastAPI"
    ready_path = "/openapi.json"

    def __init__(self, folder: Path, gateway: Gateway):
        super().__init__(folder)
        self.gateway = gateway

    def command(self):
        python = benchmark_python()
        os.environ["STUDIES_KEY_FILE"] = str(self.gateway.key_file())
        os.environ["STUDIES_STORE"] = f"http://127.0.0.1:{self.gateway.emulator_port}{Gateway.store_path}"
        os.environ["STUDIES_API_KEY"] = Gateway.key
        return [
            python, "-m", "uvicorn", "--app-dir", HERE / "peers", "studies:app", "--port", self.port,
            "--workers", os.cpu_count(), "--no-access-log", "--log-level", "warning",
        ]

    def headers(self):
        return {"Authorization": f"Bearer {Gateway.key}"}
