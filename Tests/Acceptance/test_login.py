"""Logging in with a browser at an OpenID provider of another make: the code flow, the session, and how it ends."""

import secrets
import time
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests
from oidc_provider_mock import User

from support.browser import Browser
from support.provider import Provider
from support.servers import Gateway

OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
# As a browser comes back from another site.
BACK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ANN = User(sub="ann", claims={"groups": ["radiologists"]})
MANY = User(sub="many", claims={"hasgroups": True})
ADMIN = User(sub="admin", claims={"groups": ["it"]})


class WithLogin(Gateway):
    provider: Provider

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_IDENTITY_ISSUER_NAMES": "hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_ISSUER": self.provider.url,
            "COLLIMATOR_IDENTITY_HOSPITAL_AUDIENCE": "collimator",
            "COLLIMATOR_IDENTITY_HOSPITAL_CLIENT_ID": "viewer",
            "COLLIMATOR_IDENTITY_HOSPITAL_CLIENT_SECRET_FILE": str(self.folder.parent / "client-secret"),
            "COLLIMATOR_IDENTITY_HOSPITAL_LABEL": "The hospital",
            "COLLIMATOR_IDENTITY_HOSPITAL_GROUPS_CLAIM": "groups",
        } | self.more

    more: dict[str, str] = {}


def serve(binary, folder, provider, **more):
    server = WithLogin(binary, folder)
    server.provider = provider
    server.more = more
    (folder.parent / "client-secret").write_text("s3cret\n")
    return server


@pytest.fixture(scope="module")
def provider():
    provider = Provider(ANN, MANY, ADMIN)
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory, provider):
    with serve(binary, tmp_path_factory.mktemp("login"), provider) as server:
        yield server


class Visitor:
    """A browser as far as its cookies go."""

    def __init__(self, service: WithLogin):
        self.service = service
        self.session = requests.Session()

    def get(self, path, headers=OWN_PAGE):
        return self.session.get(self.service.url + path, headers=headers, allow_redirects=False, timeout=60)

    def begin(self, path="/auth/login?issuer=hospital") -> str:
        answer = self.get(path)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]

    def come_back(self, url: str):
        return self.session.get(url, headers=BACK, allow_redirects=False, timeout=60)

    def log_in(self, name: str):
        back = self.service.provider.log_in(self.begin(), name)
        answer = self.come_back(back)
        assert answer.status_code == 303 and answer.headers["Location"] == "/app/", answer.headers
        return self

    def me(self):
        return self.get("/api/v1/me")


def new_id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(4)}"


def allow(service, principal: str, role="viewer", **more):
    answer = service.call(
        "POST", "/api/v1/access/rules",
        json={"id": new_id("rule"), "effect": "allow", "principal": principal, "role": role, "resource": "*"} | more,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_person_logs_in_and_gets_a_session_and_no_token(service, provider):
    visitor = Visitor(service)
    location = visitor.begin(f"/auth/login?issuer=hospital&returnTo={quote('/app/#/studies/radiology/1.2')}")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    assert asked["response_type"] == "code" and asked["client_id"] == "viewer"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["redirect_uri"] == f"{service.url}/auth/callback"
    answer = visitor.come_back(provider.log_in(location, "ann"))
    assert answer.status_code == 303 and answer.headers["Location"] == "/app/#/studies/radiology/1.2"
    set_cookie = answer.raw.headers.getlist("Set-Cookie")
    [session] = [text for text in set_cookie if text.startswith("collimator_session=")]
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(session.split("; "))
    [exchange] = provider.exchanges("authorization_code")[-1:]
    assert exchange["code_verifier"] not in location
    me = visitor.me()
    assert me.status_code == 200 and me.json()["principal"] == "user:hospital/ann"
    # No token has reached the browser.
    assert {cookie.name for cookie in visitor.session.cookies} == {"collimator_session"}
    assert "eyJ" not in str(answer.headers)


def test_groups_of_the_token_decide(service):
    visitor = Visitor(service).log_in("ann")
    path = "/api/v1/stores/radiology/studies"
    assert visitor.get(path).status_code == 404
    allow(service, "group:hospital/radiologists")
    assert visitor.get(path).status_code == 200
    assert Visitor(service).log_in("bob").get(path).status_code == 404


def test_the_way_back_counts_in_the_browser_that_began_alone(service, provider):
    """Login CSRF: the attacker's code in the victim's browser."""
    attacker, victim = Visitor(service), Visitor(service)
    back = provider.log_in(attacker.begin(), "mallory")
    victim.begin()
    for visitor in (victim, Visitor(service)):
        answer = visitor.come_back(back)
        assert answer.status_code == 303 and answer.headers["Location"] == "/app/#login=invalid-input"
        assert visitor.me().status_code == 401
    assert attacker.come_back(back).headers["Location"] == "/app/"
    # A code is good once, at the provider too.
    again = requests.get(back, headers=BACK, allow_redirects=False, timeout=30)
    assert again.headers["Location"] == "/app/#login=invalid-input"


def test_who_declines_does_not_come_in(service, provider):
    visitor = Visitor(service)
    back = provider.log_in(visitor.begin(), "ann", action="deny")
    state = parse_qs(urlsplit(back).query).get("state", [None])[0]
    answer = visitor.come_back(back)
    # This provider does not give the state back with a refusal, which is then no answer to a login.
    assert answer.headers["Location"] == f"/app/#login={'unauthenticated' if state else 'invalid-input'}"
    assert visitor.me().status_code == 401


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/app/", "/\\evil.example", "/app/\r\nX: y"])
def test_no_login_leads_elsewhere(service, path):
    answer = Visitor(service).get(f"/auth/login?issuer=hospital&returnTo={quote(path, safe='')}")
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_other_pages_neither_begin_nor_use_a_session(service):
    visitor = Visitor(service).log_in("ann")
    for site in ("cross-site", "same-site"):
        assert visitor.get("/auth/login?issuer=hospital", {"Sec-Fetch-Site": site}).status_code == 403
        assert visitor.get("/api/v1/me", {"Sec-Fetch-Site": site}).status_code == 403
        answer = visitor.session.post(f"{service.url}/auth/logout", headers={"Sec-Fetch-Site": site}, timeout=30)
        assert answer.status_code == 403
    assert visitor.me().status_code == 200


def test_logging_out_ends_the_session_and_empties_the_browser(service):
    visitor = Visitor(service).log_in("ann")
    secret = visitor.session.cookies["collimator_session"]
    answer = visitor.session.post(f"{service.url}/auth/logout", headers=OWN_PAGE, timeout=30)
    assert answer.status_code == 204
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "collimator_session" not in visitor.session.cookies
    old = requests.get(
        f"{service.url}/api/v1/me", cookies={"collimator_session": secret}, headers=OWN_PAGE, timeout=30
    )
    assert old.status_code == 401


@pytest.mark.alone
def test_a_suspension_ends_the_session_within_five_seconds(service):
    visitor = Visitor(service).log_in("carl")
    assert visitor.me().status_code == 200
    done = service.run("principals", "suspend", "user:hospital/carl")
    assert done.returncode == 0, done.stderr
    answered = time.monotonic()
    assert visitor.me().status_code == 401
    assert time.monotonic() - answered < 5
    back = service.provider.log_in(visitor.begin(), "carl")
    assert visitor.come_back(back).headers["Location"] == "/app/#login=unauthenticated"


def test_a_key_that_is_new_counts_at_the_next_login(binary, tmp_path_factory):
    provider = Provider()
    with serve(binary, tmp_path_factory.mktemp("rotated"), provider) as service:
        Visitor(service).log_in("ann")
        provider.rotate()
        deadline = time.monotonic() + 60
        # The cooldown after the first fetch has to pass.
        while True:
            visitor = Visitor(service)
            answer = visitor.come_back(provider.log_in(visitor.begin(), "ann"))
            if answer.headers["Location"] == "/app/":
                break
            assert answer.headers["Location"] == "/app/#login=unauthenticated" and time.monotonic() < deadline
            time.sleep(1)
        assert len(provider.asked("/jwks")) == 2
    provider.close()


@pytest.fixture(scope="module")
def short(binary, tmp_path_factory):
    """A provider whose tokens hold for two seconds, and a service that logs in there."""
    provider = Provider(ANN, token_seconds=2)
    with serve(binary, tmp_path_factory.mktemp("short"), provider) as service:
        yield service
    provider.close()


def until_ended(visitor: Visitor):
    """Until what the provider has said of the session does not hold any more."""
    asked = len(visitor.service.provider.exchanges("refresh_token"))
    deadline = time.monotonic() + 30
    while len(visitor.service.provider.exchanges("refresh_token")) == asked:
        answer = visitor.me()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


def test_a_session_is_renewed_by_the_service_and_not_by_the_browser(short):
    visitor = Visitor(short).log_in("ann")
    cookies = dict(visitor.session.cookies)
    assert until_ended(visitor).status_code == 200
    assert visitor.me().status_code == 200
    assert dict(visitor.session.cookies) == cookies


def test_a_session_ends_when_the_provider_takes_the_login_back(short):
    visitor = Visitor(short).log_in("ann")
    short.provider.revoke("ann")
    assert until_ended(visitor).status_code == 401
    assert visitor.me().status_code == 401


def test_a_provider_that_is_down_ends_nobody_s_session_at_once(short):
    visitor = Visitor(short).log_in("ann")
    short.provider.is_down = True
    try:
        assert until_ended(visitor).status_code == 200
    finally:
        short.provider.is_down = False


def test_administrators_of_the_configuration(binary, tmp_path_factory, provider):
    folder = tmp_path_factory.mktemp("administrators")
    more = {"COLLIMATOR_IDENTITY_ADMINISTRATORS": "group:hospital/it"}
    with serve(binary, folder, provider, **more) as service:
        admin, ann = Visitor(service).log_in("admin"), Visitor(service).log_in("ann")
        assert admin.get("/api/v1/access/rules").status_code == 200
        assert ann.get("/api/v1/access/rules").status_code == 403
        # The role does not see imaging.
        assert admin.get("/api/v1/stores/radiology/studies").status_code == 404


def test_a_token_that_hides_its_groups_counts_until_rules_name_some(binary, tmp_path_factory, provider):
    with serve(binary, tmp_path_factory.mktemp("hidden"), provider) as service:
        visitor = Visitor(service).log_in("many")
        assert visitor.me().status_code == 200
        rule = allow(service, "group:hospital/radiologists")
        assert visitor.me().status_code == 401
        back = provider.log_in(visitor.begin(), "many")
        assert visitor.come_back(back).headers["Location"] == "/app/#login=unauthenticated"
        path = f"/api/v1/access/rules/{rule['id']}"
        assert service.call("DELETE", path, headers={"If-Match": "*"}).status_code == 204
        Visitor(service).log_in("many")


def test_nothing_secret_is_in_the_log(service, provider):
    visitor = Visitor(service)
    location = visitor.begin()
    back = provider.log_in(location, "ann")
    visitor.come_back(back)
    log = service.log.read_text()
    query = parse_qs(urlsplit(back).query)
    for text in (query["code"][0], query["state"][0], visitor.session.cookies["collimator_session"], "s3cret"):
        assert text not in log


def test_the_page_signs_in_at_the_provider(service, tmp_path):
    browser = Browser(tmp_path, tmp_path)
    try:
        browser.driver.get(f"{service.url}/app/")
        link = browser.one("#sign-in a.login")
        assert link.text == "Sign in with The hospital"
        link.click()
        browser.until(lambda: browser.driver.current_url.startswith(service.provider.url), "the provider's page")
        field = browser.one("input[name=sub]")
        field.send_keys("ann")
        field.submit()
        browser.until(lambda: browser.driver.current_url == f"{service.url}/app/", browser.driver.current_url)
        browser.one("#sign-out")
        browser.driver.get(f"{service.url}/app/#login=unauthenticated")
        browser.driver.refresh()
        assert "not let in here" in browser.one("#sign-in").text
    finally:
        browser.close()
