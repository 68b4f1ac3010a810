"""The page `/app/` in a real browser: the ways to sign in, why one failed, and what happens when a session ends."""

import pytest
from oidc_provider_mock import User
from selenium.webdriver.common.keys import Keys

from conftest import ROOT
from support.browser import Browser
from support.provider import Provider
from support.servers import Gateway

SCRIPT = "<img src=x onerror=window.hurt=1>"
LABELS = {"hospital": "The hospital", "clinic": f"The clinic {SCRIPT}", "archive": "The archive"}


class WithLogins(Gateway):
    """A service where people log in at several issuers."""

    def __init__(self, binary, folder, providers: dict[str, Provider]):
        super().__init__(binary, folder)
        self.providers = providers
        self.secret = folder.parent / f"{folder.name}-client-secret"
        self.secret.write_text("s3cret\n")

    def environment(self):
        named = {"COLLIMATOR_IDENTITY_ISSUER_NAMES": ",".join(self.providers)}
        for name, provider in self.providers.items():
            named |= {
                f"COLLIMATOR_IDENTITY_{name.upper()}_{key}": value for key, value in {
                    "ISSUER": provider.url, "AUDIENCE": "collimator", "CLIENT_ID": "viewer", "LABEL": LABELS[name],
                    "CLIENT_SECRET_FILE": str(self.secret), "GROUPS_CLAIM": "groups",
                }.items()
            }
        return super().environment() | named | {"COLLIMATOR_IDENTITY_ADMINISTRATORS": "group:hospital/it"}


@pytest.fixture(scope="module")
def service(binary, tmp_path_factory):
    admin = User(sub="admin", claims={"groups": ["it"]})
    providers = {name: Provider(admin, User(sub="ann")) for name in LABELS}
    with WithLogins(binary, tmp_path_factory.mktemp("logins"), providers) as server:
        yield server
    for provider in providers.values():
        provider.close()


@pytest.fixture
def browser(service, tmp_path):
    browser = Browser(tmp_path, ROOT / ".build/acceptance")
    yield browser
    try:
        # The issuer's own pages complain of what they cannot load.
        assert [fault for fault in browser.faults() if fault.startswith(service.url)] == []
        assert browser.script("return window.hurt") is None
    finally:
        browser.close()


def links(browser) -> list[str]:
    browser.one("#sign-in a.login")
    return [link.text for link in browser.all("#sign-in a.login")]


def log_in(service, browser, name: str, who: str, leads_to: str):
    """By the page's button of this issuer, until the address is the one that it leads to."""
    browser.one("#sign-in a.login")
    link = next(link for link in browser.all("#sign-in a.login") if LABELS[name] in link.text)
    link.send_keys(Keys.ENTER)
    provider = service.providers[name]
    browser.until(lambda: browser.driver.current_url.startswith(provider.url), "the issuer's page")
    field = browser.one("input[name=sub]")
    field.send_keys(who)
    field.submit()
    browser.until(lambda: browser.driver.current_url == f"{service.url}{leads_to}", f"{leads_to}, not {browser.driver.current_url}")


def test_every_issuer_is_offered_and_leads_back_to_what_was_asked_for(service, browser):
    browser.driver.get(f"{service.url}/app/#/rules")
    assert links(browser) == [f"Sign in with {label}" for label in LABELS.values()]
    assert browser.all("#sign-in img, #places:not([hidden])") == []
    browser.screenshot("app-sign-in")
    # The link of the command line is still a way in.
    browser.one("#sign-in summary").send_keys(Keys.ENTER)
    assert "collimator sign-in" in browser.one("#sign-in").text
    log_in(service, browser, "hospital", "admin", "/app/#/rules")
    assert browser.one("#rules h1").text == "Rules"
    # Who logs in elsewhere is somebody else, and no administrator.
    browser.one("#sign-out").send_keys(Keys.ENTER)
    browser.one("#sign-in h1")
    assert browser.driver.current_url == f"{service.url}/app/"
    assert browser.driver.get_cookie("collimator_session") is None
    log_in(service, browser, "clinic", "admin", "/app/")
    browser.one("#sign-out")
    assert not browser.driver.find_element("id", "places").is_displayed()


@pytest.mark.parametrize("word, said", [
    ("unauthenticated", "not let in here"), ("invalid-input", "another browser"), ("unavailable", "cannot be reached now"),
    ("not-found", "Nobody logs in there"), ("forbidden", "A login begins on this page"), ("rate-limited", "Too many people"),
    ("internal", "Something went wrong here"), ("constructor", "The login did not work"),
])
def test_why_a_login_failed_is_said_plainly(service, browser, word, said):
    browser.driver.get(f"{service.url}/app/#login={word}")
    assert said in browser.one("#sign-in .problem").text
    assert links(browser) and "login" not in browser.driver.current_url.split("#")[-1]


def test_an_issuer_that_is_down_is_said_to_be(service, browser):
    browser.driver.get(f"{service.url}/app/")
    # Nobody has logged in there yet: nothing is known of it.
    provider = service.providers["archive"]
    provider.is_down = True
    try:
        browser.driver.get(f"{service.url}/auth/login?issuer=nobody")
        assert "Nobody logs in there" in browser.one("#sign-in .problem").text
        browser.one("#sign-in a.login")
        browser.all("#sign-in a.login")[2].send_keys(Keys.ENTER)
        assert "cannot be reached now" in browser.one("#sign-in .problem").text
        assert len(links(browser)) == len(LABELS)
    finally:
        provider.is_down = False


@pytest.mark.parametrize("address, css", [("#/rules", "#rules .entry, #rules .empty"), ("#/people", "#people .entry"), ("#/audit", "#audit .entry")])
def test_a_session_that_ends_leads_to_the_sign_in_and_back(service, browser, address, css):
    browser.driver.get(f"{service.url}/app/{address}")
    log_in(service, browser, "hospital", "admin", f"/app/{address}")
    browser.one(css)
    # Ended elsewhere: whatever is pressed next leads to the sign-in.
    browser.script("return fetch('../auth/logout', {method: 'POST'}).then((answer) => answer.status)")
    browser.one("#places a[data-place=webhooks]").send_keys(Keys.ENTER)
    assert "Your session has ended" in browser.one("#sign-in .problem").text
    assert browser.driver.switch_to.active_element.text == "Sign in"
    # Nothing of what was shown is left.
    assert browser.texts("#people, #rules, #webhooks, #audit") == [""] * 4
    log_in(service, browser, "hospital", "admin", "/app/#/webhooks")
    assert browser.one("#webhooks h1").text == "Webhooks"


def test_a_sign_in_in_another_window_is_noticed(service, browser):
    browser.driver.get(f"{service.url}/app/#/audit")
    links(browser)
    first = browser.driver.current_window_handle
    browser.driver.switch_to.new_window("tab")
    made = service.call("POST", "/auth/sign-in-links").json()["path"]
    browser.driver.get(f"{service.url}{made}")
    browser.one("#sign-out")
    browser.driver.switch_to.window(first)
    browser.one("#audit .entry")
    # Somebody else in the other window: this one shows what they may see, and nothing else.
    key = service.call("POST", "/api/v1/access/keys", json={"id": "guest", "name": "guest"}).json()["key"]
    rule = {"id": "guest", "effect": "allow", "principal": "client:guest", "role": "guest", "resource": "*"}
    found = service.call("GET", "/api/v1/access/policy")
    policy = found.json()
    policy["roles"] = [{"name": "guest", "permissions": ["collimator.signIns.create", "healthcare.dicomStores.list"]}]
    policy["rules"] = [*policy.get("rules", []), rule]
    put = service.call("PUT", "/api/v1/access/policy", json=policy, headers={"If-Match": found.headers["ETag"]})
    assert put.status_code == 200, put.text
    browser.driver.switch_to.new_window("tab")
    made = service.call("POST", "/auth/sign-in-links", key=key).json()["path"]
    browser.driver.get(f"{service.url}{made}")
    browser.one("#sign-out")
    browser.driver.switch_to.window(first)
    browser.until(lambda: browser.texts("#audit") == [""], "the audit to go")
    assert not browser.driver.find_element("id", "places").is_displayed()


def test_a_link_in_the_same_window_leads_to_what_was_asked_for(service, browser):
    browser.driver.get(f"{service.url}/app/#/audit")
    links(browser)
    made = service.call("POST", "/auth/sign-in-links").json()["path"]
    browser.driver.get(f"{service.url}{made}")
    browser.one("#audit .entry")
    assert browser.driver.current_url == f"{service.url}/app/#/audit"
