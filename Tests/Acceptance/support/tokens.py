"""An issuer whose keys the tests hold, and tokens that another library makes, good and hostile."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


class Issuer:
    """An OpenID provider as far as its keys go; `status` other than 200 makes it fail."""

    def __init__(self):
        self.keys: dict[str, object] = {}
        self.status = 200
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked.append(self.path)
                body = json.dumps(issuer.document(self.path)).encode()
                self.send_response(issuer.status)
                if issuer.status == 301:
                    self.send_header("Location", f"{issuer.url}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self, path: str):
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        return {"keys": [jwk(name, key) for name, key in self.keys.items()]}


def jwk(name: str, key) -> dict:
    algorithm, short = (RSAAlgorithm, "RS256") if isinstance(key, rsa.RSAPrivateKey) else (ECAlgorithm, "ES256")
    return json.loads(algorithm.to_jwk(key.public_key())) | {"kid": name, "use": "sig", "alg": short}


RSA = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
LONG_CURVE = ec.generate_private_key(ec.SECP384R1())


def claims(issuer: Issuer, **changes) -> dict:
    now = int(time.time())
    made = {"iss": issuer.url, "aud": "collimator", "sub": "ann", "scope": "imaging", "iat": now, "exp": now + 300}
    return {name: value for name, value in (made | changes).items() if value is not None}


def token(issuer: Issuer, key=RSA, algorithm="RS256", kid="r", headers=None, **changes) -> str:
    return jwt.encode(claims(issuer, **changes), key, algorithm, headers={"kid": kid} | (headers or {}))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: dict, body: dict, secret: bytes | None = None) -> str:
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(body).encode())}"
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest()) if secret is not None else ''}"
