"""An OpenID provider of another make (`oidc-provider-mock`), in this process, whose keys the tests can change."""

import threading
from datetime import timedelta
from urllib.parse import urljoin

import flask
import oidc_provider_mock
import requests
from authlib import jose
from oidc_provider_mock import User
from werkzeug.serving import make_server


class Provider:
    """Anybody can log in there under any name; `users` have claims of their own."""

    def __init__(self, *users: User, token_seconds: int = 3600):
        self.app = oidc_provider_mock.app(
            user_claims=users, access_token_max_age=timedelta(seconds=token_seconds), require_nonce=True
        )
        self.requests: list[tuple[str, dict]] = []
        self.storage = None
        self.is_down = False
        self.app.before_request(self._note)
        self.server = make_server("localhost", 0, self.app, threaded=True)
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        requests.get(self.url, timeout=30)

    def _note(self):
        self.storage = flask.g.oidc_provider_mock_storage
        self.requests.append((flask.request.path, flask.request.form.to_dict()))
        return flask.Response(status=503) if self.is_down else None

    def close(self):
        self.server.shutdown()

    def rotate(self):
        """Another key, and the one before no longer."""
        self.storage.jwk = jose.RSAKey.generate_key(is_private=True)

    def asked(self, path: str) -> list[dict]:
        return [form for asked, form in self.requests if asked == path]

    def exchanges(self, grant_type: str) -> list[dict]:
        return [form for form in self.asked("/oauth2/token") if form.get("grant_type") == grant_type]

    def log_in(self, location: str, name: str, **fields: str) -> str:
        """What a person does on the provider's page; gives where it leads back to."""
        assert location.startswith(self.url)
        answer = requests.post(location, data={"sub": name} | fields, allow_redirects=False, timeout=30)
        assert answer.status_code == 302, answer.text
        return urljoin(location, answer.headers["Location"])

    def revoke(self, name: str):
        assert requests.post(f"{self.url}/users/{name}/revoke-tokens", timeout=30).status_code == 204
