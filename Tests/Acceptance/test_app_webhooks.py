"""The page `/app/` for administrators in a real browser: webhooks, their deliveries and replays."""

import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from support.admin import SCRIPT, Admin, no_faults, signed_in  # noqa: F401
from support.dicom import file_bytes, new_uid, slice_of
from support.receiver import Receiver
from support.servers import Gateway

PATH = "/api/v1/webhooks"


class CallingGateway(Gateway):
    """It may call receivers on this machine."""

    def environment(self):
        return super().environment() | {
            "COLLIMATOR_WEBHOOKS_ALLOWED_PRIVATE_NETWORKS": "127.0.0.0/8", "COLLIMATOR_EVENTS_QUIET_TIME": "1",
        }


class HookAdmin(Admin):
    """An administrator who has endpoints called."""

    def make(self, receiver: Receiver, **settings) -> str:
        """An endpoint that may see everything and was verified; gives its id."""
        made = self.gateway.call("POST", PATH, json={"name": "A receiver", "url": receiver.url} | settings)
        assert made.status_code == 201, made.text
        number = made.json()["id"]
        self.make_rule(number.lower(), f"client:{number}")
        assert self.gateway.call("POST", f"{PATH}/{number}/challenges").status_code == 200
        return number

    def upload(self) -> str:
        study = new_uid()
        data = file_bytes(slice_of("hook", study, study=study, series=new_uid()))
        stored = self.gateway.call(
            "POST", "/api/v1/stores/radiology/studies", data=data, headers={"Content-Type": "application/dicom"}
        )
        assert stored.status_code == 201, stored.text
        return study

    def found(self, number: str) -> dict:
        return self.gateway.call("GET", f"{PATH}/{number}").json()

    def deliveries(self, number: str, state="") -> list[dict]:
        return self.gateway.call("GET", f"{PATH}/{number}/deliveries", params={"state": state} if state else {}).json()["items"]

    def wait(self, condition, what: str):
        deadline = time.monotonic() + 60
        while not (answer := condition()):
            assert time.monotonic() < deadline, what
            time.sleep(0.05)
        return answer

    def until(self, css: str, words: str):
        """The element, once it is there and has these words."""
        return self.browser.until(
            lambda: next((e for e in self.browser.all(css) if e.is_displayed() and words in e.text), None), f"{words} in {css}"
        )


@pytest.fixture(scope="module")
def admin(binary, tmp_path_factory):
    gateway = CallingGateway(binary, tmp_path_factory.mktemp("hooks-gateway"))
    with signed_in(gateway, tmp_path_factory.mktemp("hooks"), HookAdmin) as admin:
        yield admin


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


def test_an_endpoint_is_made_verified_and_tested(admin, receiver):
    admin.open("#/webhooks", "#webhooks h1")
    browser = admin.browser
    admin.press("#webhooks a.primary")
    admin.write("Name", f"Worklist {SCRIPT}")
    admin.write("Address", receiver.url)
    for css in ("#webhook-types input[value='study.stable']", "#webhook-types input[value='study.created']",
                "#webhook-stores input[value=radiology]"):
        browser.one(css).send_keys(Keys.SPACE)
    admin.write("Modalities in the study", "ct, mr")
    Select(browser.one("#webhook-data")).select_by_value("orders")
    admin.write("Calls in a minute, at most", "600")
    browser.one("#webhook-ordered").send_keys(Keys.SPACE)
    admin.press("#webhook-form .primary")
    secret = browser.one("#secret-text").get_attribute("value")
    assert secret.startswith("whsec_")
    number = browser.driver.current_url.split("/")[-1]
    made = admin.found(number)
    assert (made["state"], made["url"], made["dataPolicy"], made["callsPerMinute"], made["ordered"]) == (
        "unverified", receiver.url, "orders", 600, True
    )
    assert sorted(made["types"]) == ["study.created", "study.stable"]
    assert (made["stores"], made["modalities"]) == (["radiology"], ["CT", "MR"])
    assert browser.all("#webhook-test") == []
    # The secret is gone when it was said to be copied, and nothing keeps it.
    admin.press("#secret-done")
    everything = (
        "return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((i) => i.value)"
        " + JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + JSON.stringify(history.state) + location.href"
    )
    assert secret not in browser.script(everything)
    assert browser.driver.switch_to.active_element.get_attribute("id") == "webhook-verify"
    # One that does not answer is not called, and the page says why.
    receiver.answers_challenges = False
    admin.press("#webhook-verify")
    admin.until("#webhook-outcome .problem", "did not answer the challenge")
    assert admin.found(number)["state"] == "unverified"
    receiver.answers_challenges = True
    # Somebody who asks again at once is asked to wait.
    admin.wait(lambda: admin.gateway.call("POST", f"{PATH}/{number}/challenges").status_code == 200, "the challenge")
    admin.open(f"#/webhooks/{number}", "#webhook-test")
    admin.press("#webhook-test")
    admin.until("#webhook-outcome", "It took the test: status 200")
    receiver.secret = secret
    assert [m["event"]["type"] for m in receiver.messages] == ["webhook.test"]
    receiver.verify(receiver.messages[0])
    receiver.status = 500
    admin.press("#webhook-test")
    admin.until("#webhook-outcome", "It did not take the test: status 500")
    admin.open("#/webhooks", "#webhooks .entry")
    text = admin.entry("#webhooks", "Worklist").text
    assert SCRIPT in text and "active" in text and "study.created" in text and "CT or MR" in text
    assert browser.all("#webhooks script, #webhooks img") == []


def test_an_endpoint_that_cannot_be_made_says_why(admin):
    admin.open("#/new-webhook", "#webhook-form")
    browser = admin.browser
    admin.write("Name", "Inside")
    admin.write("Address", "https://169.254.169.254/latest/meta-data")
    admin.press("#webhook-form .primary")
    assert browser.one("#webhook-form .problem p").text
    assert browser.all("#secret-text") == []
    assert not any(one["name"] == "Inside" for one in admin.gateway.call("GET", PATH).json()["items"])
    assert [fault for fault in browser.faults() if "status of 4" not in fault] == []


def test_an_endpoint_is_edited_and_keeps_what_was_not_touched(admin, receiver):
    number = admin.make(receiver, types=["study.created"], modalities=["CT"], dataPolicy="orders", callsPerMinute=60)
    before = admin.found(number)
    admin.open(f"#/webhooks/{number}", "#webhook-edit")
    admin.press("#webhook-edit")
    admin.write("Name", "Renamed")
    admin.browser.one("#webhook-types input[value='study.deleted']").send_keys(Keys.SPACE)
    # Somebody else changes it while the form is open.
    assert admin.gateway.call("PATCH", f"{PATH}/{number}", json={"dataPolicy": "uids", "callsPerMinute": 7}).status_code == 200
    admin.press("#webhook-form .primary")
    admin.until("#webhook h1", "Renamed")
    after = admin.found(number)
    assert sorted(after.pop("types")) == ["study.created", "study.deleted"] and before.pop("types") == ["study.created"]
    assert after == before | {"name": "Renamed", "dataPolicy": "uids", "callsPerMinute": 7}
    # Back is the endpoint as it was opened, not the form.
    admin.browser.driver.back()
    admin.until("#webhook h1", "Renamed")


def test_a_condition_is_given_told_and_taken_away(admin, receiver):
    number = admin.make(receiver)
    admin.open(f"#/edit-webhook/{number}", "#webhook-condition")
    browser = admin.browser
    for text, words in (("{", "It is JSON"), ('{"modality": ["CT"], "shoe": 1}', "it can ask for modalitiesInStudy")):
        browser.one("#webhook-condition").clear()
        browser.one("#webhook-condition").send_keys(text)
        admin.press("#webhook-form .primary")
        admin.until("#webhook-form .problem", words)
    assert admin.found(number)["condition"] is None
    browser.one("#webhook-condition").clear()
    browser.one("#webhook-condition").send_keys('{"institution": ["North*"], "dateFrom": "20260105"}')
    admin.press("#webhook-form .primary")
    admin.until("#webhook .facts-list", "where study date from 2026-01-05, and institution North*")
    given = {"institution": ["North*"], "dateFrom": "20260105"}
    assert admin.found(number)["condition"] == given
    admin.press("#webhook-edit")
    admin.write("Name", "Renamed")
    admin.press("#webhook-form .primary")
    admin.until("#webhook h1", "Renamed")
    assert admin.found(number)["condition"] == given
    admin.press("#webhook-edit")
    browser.one("#webhook-condition").clear()
    admin.press("#webhook-form .primary")
    browser.until(lambda: admin.found(number)["condition"] is None, "the condition to go")
    assert [fault for fault in browser.faults() if "status of 4" not in fault] == []


def test_headers_are_sent_and_never_shown_again(admin, receiver):
    number = admin.make(receiver)
    admin.open(f"#/edit-webhook/{number}", "#webhook-carried summary").send_keys(Keys.ENTER)
    browser = admin.browser
    headers = browser.one("#webhook-headers")
    headers.send_keys("nonsense")
    admin.press("#webhook-form .primary")
    assert "Each line is a name, a colon and a value." in browser.one("#webhook-form .problem").text
    headers.clear()
    headers.send_keys("X-Route: 7\nx-route: 8")
    admin.press("#webhook-form .primary")
    admin.until("#webhook-form .problem", "A header is named twice.")
    headers.clear()
    headers.send_keys("X-Route: 7\nAuthorization: Basic c2VjcmV0")
    admin.press("#webhook-form .primary")
    admin.until("#webhook .facts-list", "x-route")
    page = "return document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((i) => i.value)"
    assert "c2VjcmV0" not in browser.script(page)
    admin.press("#webhook-test")
    admin.until("#webhook-outcome", "It took the test")
    sent = receiver.messages[-1]["headers"]
    assert (sent["x-route"], sent["authorization"]) == ("7", "Basic c2VjcmV0")
    # What was not touched stays; it goes when somebody says so.
    admin.press("#webhook-edit")
    admin.write("Name", "Renamed")
    admin.press("#webhook-form .primary")
    admin.until("#webhook h1", "Renamed")
    assert sorted(admin.found(number)["headerNames"]) == ["authorization", "x-route"]
    admin.press("#webhook-edit")
    browser.one("#webhook-carried summary").send_keys(Keys.ENTER)
    browser.one("#webhook-no-headers").send_keys(Keys.SPACE)
    admin.press("#webhook-form .primary")
    browser.until(lambda: admin.found(number)["headerNames"] == [], "the headers to go")


def test_what_is_delivered_is_shown_with_its_calls(admin, receiver):
    number = admin.make(receiver, types=["study.created"])
    receiver.status = 500
    failed = admin.upload()
    admin.wait(lambda: any(d["attempts"] for d in admin.deliveries(number)), "a first call")
    receiver.status = 200
    taken = admin.upload()
    admin.wait(lambda: [d for d in admin.deliveries(number, "delivered") if d["study"] == taken], "a delivery")
    admin.open(f"#/webhooks/{number}", "#deliveries .entry")
    browser = admin.browser
    text = admin.entry("#deliveries", failed).text
    assert "study.created" in text and "waiting" in text and "1 call" in text and "next 20" in text
    assert browser.all("#deliveries .redeliver") == [
        admin.entry("#deliveries", taken).find_element(By.CSS_SELECTOR, ".redeliver")
    ]
    admin.press_in("#deliveries", failed, "summary")
    admin.says("#deliveries", failed, "status 500")
    admin.until("#webhook-lasts", "study.created")
    browser.screenshot("app-deliveries")
    # Narrowed to those that were delivered.
    Select(browser.one("#delivery-state")).select_by_value("delivered")
    browser.until(lambda: not any(failed in entry for entry in browser.texts("#deliveries .entry")), "what failed to go")
    assert taken in admin.entry("#deliveries", taken).text
    Select(browser.one("#delivery-state")).select_by_value("failed")
    admin.until("#deliveries .list-end", "There is no such delivery.")
    # The same message again.
    Select(browser.one("#delivery-state")).select_by_value("")
    admin.press_in("#deliveries", taken, ".redeliver")
    admin.wait(lambda: len([e for e in receiver.events("study.created") if e["data"]["study"] == taken]) == 2, "it again")
    ids = [m["headers"]["webhook-id"] for m in receiver.messages if m["event"]["data"].get("study") == taken]
    assert len(set(ids)) == 1
    browser.driver.find_element(By.LINK_TEXT, taken).send_keys(Keys.ENTER)
    browser.one("#study h1")


def test_deliveries_come_by_pages(admin, receiver):
    number = admin.make(receiver, types=["study.created"])
    studies = {admin.upload() for _ in range(51)}
    admin.wait(lambda: len(admin.deliveries(number, "delivered")) >= 50 and len(receiver.events()) >= 51, "51 deliveries")
    admin.open(f"#/webhooks/{number}", "#deliveries .entry")
    browser = admin.browser
    browser.until(lambda: len(browser.all("#deliveries .entry")) == 50, "a first page")
    admin.press("#deliveries .more")
    browser.until(lambda: len(browser.all("#deliveries .entry")) == 51, "a second page")
    assert {link.text for link in browser.all("#deliveries .entry a")} == studies


def test_what_was_missed_is_replayed_with_progress(admin, receiver):
    since = time.strftime("%Y-%m-%dT%H:%M", time.localtime(time.time() - 120))
    number = admin.make(receiver, types=["study.created"])
    admin.open(f"#/webhooks/{number}", "#webhook-suspend")
    browser = admin.browser
    admin.press("#webhook-suspend")
    browser.one("dialog[open] .grave")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog.ask"), "the question to go")
    assert admin.found(number)["state"] == "active"
    admin.press("#webhook-suspend")
    admin.press("dialog[open] .grave")
    admin.until("#webhook h1", "switched off")
    missed = admin.upload()
    admin.wait(lambda: admin.gateway.call("POST", f"{PATH}/{number}/challenges").status_code == 200, "the challenge")
    admin.open(f"#/webhooks/{number}", "#open-replay").send_keys(Keys.ENTER)
    admin.write("Since", since)
    admin.press("#replay-form .primary")
    admin.says("#replays", "Since", "finished")
    admin.wait(lambda: missed in [e["data"]["study"] for e in receiver.events("study.created")], "what was missed")
    [replay] = admin.gateway.call("GET", f"{PATH}/{number}/replays").json()["items"]
    assert replay["state"] == "finished" and not replay["includeDelivered"]
    assert "looked at" in admin.entry("#replays", "finished").text
    assert admin.browser.all("#replays progress, #replays .cancel-replay") == []


def test_a_secret_is_replaced_with_an_overlap(admin, receiver):
    number = admin.make(receiver)
    admin.open(f"#/webhooks/{number}", "#webhook-rotate").send_keys(Keys.ENTER)
    browser = admin.browser
    Select(browser.one("#webhook-secret select")).select_by_value("3600")
    admin.press("#webhook-secret .primary")
    receiver.secret = browser.one("#secret-text").get_attribute("value")
    assert admin.found(number)["previousSecretEndsAt"]
    assert "signs too, until" in browser.one("#webhook .facts-list").text
    admin.press("#webhook-test")
    admin.until("#webhook-outcome", "It took the test")
    message = receiver.messages[-1]
    receiver.verify(message)
    assert len(message["headers"]["webhook-signature"].split()) == 2


def test_an_endpoint_is_deleted_once_somebody_said_yes(admin, receiver):
    number = admin.make(receiver, name="Short-lived")
    admin.open(f"#/webhooks/{number}", "#webhook-remove").send_keys(Keys.ENTER)
    browser = admin.browser
    browser.one("dialog[open] h2")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog.ask"), "the question to go")
    assert admin.found(number)["id"] == number
    admin.press("#webhook-remove")
    admin.press("dialog[open] .grave")
    browser.until(lambda: browser.driver.current_url.endswith("#/webhooks"), "the list")
    assert admin.gateway.call("GET", f"{PATH}/{number}").status_code == 404
    # What is no longer there is said to be so.
    admin.open(f"#/webhooks/{number}", "#webhooks .problem")
    assert [fault for fault in browser.faults() if "status of 404" not in fault] == []


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_views_fit_a_phone_and_a_desk(admin, receiver, is_dark):
    number = admin.make(receiver, name="W" * 100)
    study = admin.upload()
    admin.wait(lambda: [d for d in admin.deliveries(number, "delivered") if d["study"] == study], "a delivery")
    browser = admin.browser
    browser.dark(is_dark)
    views = {
        "hooks": ("#/webhooks", "#webhooks .entry"), "hook": (f"#/webhooks/{number}", "#deliveries .entry"),
        "hook-edit": (f"#/edit-webhook/{number}", "#webhook-form"),
    }
    try:
        for name, width, height in (("desk", 1280, 860), ("phone", 360, 740)):
            browser.size(width, height, mobile=name == "phone")
            for view, (address, css) in views.items():
                admin.open(address, css)
                browser.screenshot(f"app-{view}-{name}-{'dark' if is_dark else 'light'}")
                admin.fits(view)
    finally:
        browser.size(1280, 860)
        browser.dark(False)


def test_who_may_look_may_not_change_and_who_may_not_sees_none_of_it(admin, receiver):
    """The last test: the browser is signed in as somebody else afterwards."""
    number = admin.make(receiver)
    study = admin.upload()
    admin.wait(lambda: [d for d in admin.deliveries(number, "delivered") if d["study"] == study], "a delivery")
    looker, stranger = admin.make_key("looker"), admin.make_key("stranger")
    admin.let_in("stranger", "looker", "collimator.webhooks.list")
    browser = admin.browser
    admin.sign_in(looker)
    admin.open(f"#/webhooks/{number}", "#deliveries .entry")
    assert browser.all("#webhook .choices button:not(#deliveries button), #webhook a.button, #open-replay, .redeliver") == []
    for address in ("#/new-webhook", f"#/edit-webhook/{number}"):
        admin.open(address, "#webhooks .entry")
        assert browser.all("#webhook-form, #webhooks a.primary") == []
    admin.sign_in(stranger)
    browser.one(".row")
    for address in ("#/webhooks", f"#/webhooks/{number}", "#/new-webhook", f"#/edit-webhook/{number}"):
        admin.open(address, ".row")
        assert browser.texts("#webhooks") == [""]
        assert not browser.driver.find_element(By.CSS_SELECTOR, "a[data-place=webhooks]").is_displayed()
