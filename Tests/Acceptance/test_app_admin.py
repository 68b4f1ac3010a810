"""The page `/app/` for administrators in a real browser: people and keys, rules and why they decide, the audit."""

import json

import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from support.admin import ACCESS, SCRIPT, STUDIES, no_faults, signed_in  # noqa: F401
from support.dicom import new_uid
from support.servers import Gateway

READ = "healthcare.dicomStores.dicomWebRead"


@pytest.fixture(scope="module")
def admin(binary, tmp_path_factory):
    gateway = Gateway(binary, tmp_path_factory.mktemp("admin-gateway"))
    with signed_in(gateway, tmp_path_factory.mktemp("admin")) as admin:
        admin.fill()
        yield admin


def test_the_bar_leads_to_every_place(admin):
    admin.open("#/", ".row")
    browser = admin.browser
    assert browser.texts("#places a") == ["Studies", "People", "Rules", "Webhooks", "Audit"]
    for name, heading in (("people", "People and apps"), ("rules", "Rules"), ("webhooks", "Webhooks"), ("audit", "Audit")):
        admin.press(f"#places a[data-place={name}]")
        assert browser.one(f"#{name} h1").text == heading
        browser.until(lambda: browser.driver.switch_to.active_element.text == heading, "the focus on the heading")
        assert browser.driver.title.startswith(heading)
        assert browser.one("#places a[aria-current]").text == browser.one(f"#places a[data-place={name}]").text


def test_who_has_called_is_listed_kept_out_and_let_in_again(admin):
    key = admin.make_key("caller")
    assert admin.status(key) == 200
    admin.open("#/people", "#people .entry")
    browser = admin.browser
    entry = admin.entry("#people", "client:caller")
    assert "App" in entry.text and "Last seen 20" in entry.text and "with an API key" in entry.text
    assert admin.entry("#people", "Administrator").find_elements(By.CSS_SELECTOR, ".suspend") == []
    # Escape is no.
    entry.find_element(By.CSS_SELECTOR, ".suspend").send_keys(Keys.ENTER)
    browser.one("dialog[open] h2")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog.ask"), "the question to go")
    assert admin.status(key) == 200
    entry.find_element(By.CSS_SELECTOR, ".suspend").send_keys(Keys.ENTER)
    admin.press("dialog[open] .grave")
    admin.says("#people", "client:caller", "Kept out since")
    assert admin.status(key) == 401
    admin.entry("#people", "client:caller").find_element(By.CSS_SELECTOR, ".let-in").send_keys(Keys.ENTER)
    admin.says("#people", "client:caller", "Keep out")
    assert admin.status(key) == 200


def test_what_somebody_may_do_is_told_in_words(admin):
    key = admin.make_key("looker")
    admin.make_rule("looker", "client:looker")
    assert admin.status(key) == 200
    admin.open("#/people", "#people .entry")
    entry = admin.entry("#people", "client:looker")
    entry.find_element(By.CSS_SELECTOR, "summary").click()
    admin.browser.until(lambda: "search, retrieve and render imaging" in entry.text, "its rights")
    assert "Store radiology" in entry.text and "delete imaging" not in entry.text


def test_a_key_is_shown_once_works_and_is_revoked(admin):
    admin.open("#/people", "#open-new-key").send_keys(Keys.ENTER)
    browser = admin.browser
    admin.write("Name", f"Portal {SCRIPT}")
    admin.write("Id", "portal-one")
    admin.write("Last day", "2039-12-31")
    admin.press("#new-key button.primary")
    key = browser.one("#key-text").get_attribute("value")
    assert key.startswith("clm_key_") and admin.status(key) == 200
    browser.screenshot("app-new-key")
    admin.press("#key-done")
    entry = admin.entry("#people", "client:portal-one")
    assert SCRIPT in entry.text and "active" in entry.text and "2040-01-01 00:00" in entry.text
    assert browser.all("#people script, #people img") == []
    page = "return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((i) => i.value)"
    assert key not in browser.script(page)
    stored = "return JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + location.href"
    assert key not in browser.script(stored)
    entry.find_element(By.CSS_SELECTOR, ".revoke").send_keys(Keys.ENTER)
    admin.press("dialog[open] .grave")
    admin.says("#people", "client:portal-one", "revoked")
    assert admin.status(key) == 401
    assert admin.entry("#people", "client:portal-one").find_elements(By.CSS_SELECTOR, ".revoke") == []


def test_a_key_is_rotated_with_an_overlap(admin):
    old = admin.make_key("turning")
    admin.open("#/people", "#open-new-key")
    browser = admin.browser
    admin.press_in("#people", "client:turning", ".rotate")
    Select(browser.one("#new-key select")).select_by_value("3600")
    admin.press("#new-key .primary")
    new = browser.one("#key-text").get_attribute("value")
    assert new != old and admin.status(new) == admin.status(old) == 200
    text = admin.entry("#people", "client:turning").text
    assert text.count("…") == 2 and "works until 20" in text
    # Once more, at once: the one before works no longer.
    admin.press("#key-done")
    admin.press_in("#people", "client:turning", ".rotate")
    Select(browser.one("#new-key select")).select_by_value("0")
    admin.press("#new-key .primary")
    browser.until(lambda: browser.one("#key-text").get_attribute("value") != new, "another text")
    last = browser.one("#key-text").get_attribute("value")
    assert [admin.status(key) for key in (old, new, last)] == [401, 401, 200]
    assert "works until" not in admin.entry("#people", "client:turning").text


def test_a_key_file_is_given_once_and_works(admin):
    admin.open("#/people", "#open-new-key").send_keys(Keys.ENTER)
    browser = admin.browser
    admin.write("Name", "Import")
    admin.write("Id", "import-file")
    Select(browser.one("#key-kind")).select_by_value("file")
    admin.press("#new-key button.primary")
    admin.press("#key-file")
    path = browser.downloaded("import-file-key-file.json")
    file = json.loads(path.read_text())
    assert file["type"] == "service_account" and file["client_email"] == "import-file@collimator.internal"
    credentials = service_account.Credentials.from_service_account_file(path, scopes=["https://www.googleapis.com/auth/cloud-healthcare"])
    credentials.refresh(Request())
    assert admin.status(credentials.token) == 200
    # It is nowhere in the page, also before it is said to be kept.
    page = "return document.documentElement.outerHTML + [...document.querySelectorAll('input')].map((i) => i.value)"
    assert "PRIVATE KEY" not in browser.script(page)
    admin.press("#key-done")
    assert browser.all("#key-file") == []
    assert "key file" in admin.entry("#people", "client:import-file").text


def test_a_key_that_cannot_be_made_says_why(admin):
    admin.make_key("taken")
    admin.open("#/people", "#open-new-key").click()
    browser = admin.browser
    admin.write("Name", "Another")
    admin.write("Id", "taken")
    admin.press("#new-key button.primary")
    assert browser.one("#new-key .problem").text
    assert browser.all("#key-text") == []
    assert [fault for fault in browser.faults() if "status of 409" not in fault] == []


def test_a_rule_is_tried_before_it_is_saved(admin):
    key = admin.make_key("reader")
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 404
    admin.open("#/new-rule?principal=client%3Areader", "#rule-form")
    browser = admin.browser
    browser.one("#rule-id").send_keys("reader-ct")
    assert browser.one("#rule-principal").get_attribute("value") == "client:reader"
    admin.write("Modality of the series", "ct")
    admin.write("Study date from", "2026-01-01")
    admin.write("Study date to", "2026-12-31")
    admin.press("#add-patient")
    browser.driver.switch_to.active_element.send_keys("ADM-1" + Keys.TAB + "HOSP")
    admin.press("#rule-try")
    outcome = browser.one("#rule-outcome .change").text
    assert "Adds reader-ct." in outcome and "May gain" in outcome and "client:reader" in outcome
    assert "May lose" not in outcome
    browser.screenshot("app-rule-tried")
    assert admin.rule("reader-ct") is None
    # What is changed after it was tried has to be tried again.
    browser.one("#rule-condition input").send_keys(" ")
    browser.until(lambda: not browser.all("#rule-save"), "the result to go")
    admin.press("#rule-try")
    admin.press("#rule-save")
    entry = admin.entry("#rules", "reader-ct")
    for words in ("Allow", "reader", "viewer", "store radiology", "modality CT", "2026-01-01", "patient ADM-1 of HOSP"):
        assert words in entry.text
    assert admin.rule("reader-ct") == {
        "id": "reader-ct", "effect": "allow", "principal": "client:reader", "role": "viewer",
        "resource": "stores/radiology",
        "condition": {
            "modality": ["CT"], "dateFrom": "20260101", "dateTo": "20261231",
            "patients": [{"id": "ADM-1", "issuer": "HOSP"}],
        },
    }
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 200
    assert admin.status(key, f"{STUDIES}/{admin.mr}") == 404


def test_a_rule_is_edited_and_keeps_what_was_not_touched(admin):
    condition = {"institution": ["North", "So*"], "referringPhysician": ["MEIER*"], "modalitiesInStudy": ["CT", "MR"]}
    request = {
        "purposeOfUse": ["TREAT"], "timeOfDay": {"from": "08:00", "to": "18:30", "zone": "+02:00"},
        "expiresAt": "2039-01-05T10:41:12Z",
    }
    rule = admin.make_rule(
        "kept", "client:kept", resource=f"stores/radiology/studies/{admin.ct}", condition=condition, request=request,
        includeDerived=False,
    )
    rule = admin.rule("kept")
    admin.open("#/rules", "#rules .entry")
    admin.entry("#rules", "kept").find_element(By.LINK_TEXT, "Edit").send_keys(Keys.ENTER)
    browser = admin.browser
    assert browser.one("#rule-id").get_attribute("readonly")
    admin.press("#rule-try")
    assert "Nothing would change." in browser.one("#rule-outcome .change").text
    assert browser.all("#rule-save") == []
    browser.one("#rule-form input[value=deny]").send_keys(Keys.SPACE)
    admin.press("#rule-try")
    browser.until(lambda: "Changes kept." in browser.one("#rule-outcome").text, "what would change")
    assert "client:kept" in browser.one("#may-lose").text
    admin.press("#rule-save")
    admin.says("#rules", "kept", "Deny")
    assert admin.rule("kept") == rule | {"effect": "deny"}


def test_what_changed_since_it_was_tried_is_not_overwritten(admin):
    admin.make_rule("raced", "client:raced")
    admin.open("#/rules/raced", "#rule-form")
    browser = admin.browser
    Select(browser.one("#rule-role")).select_by_value("editor")
    admin.press("#rule-try")
    browser.one("#rule-save")
    other = admin.make_rule("meanwhile", "client:raced")
    admin.press("#rule-save")
    assert browser.one("#rule-outcome .problem").text
    assert (admin.rule("raced")["role"], admin.rule("meanwhile")) == ("viewer", other)
    # The rule itself changed: the form is of one that is no longer there.
    replaced = admin.gateway.call(
        "PUT", f"{ACCESS}/rules/raced", json=other | {"id": "raced", "role": "uploader"}, headers={"If-Match": "*"},
    )
    assert replaced.status_code == 200
    admin.press("#rule-try")
    browser.until(lambda: "changed meanwhile" in browser.one("#rule-outcome").text, "that it was changed")
    assert [fault for fault in browser.faults() if "status of 412" not in fault] == []


def test_a_rule_with_a_fault_says_which(admin):
    admin.open("#/new-rule", "#rule-form")
    browser = admin.browser
    browser.one("#rule-id").send_keys("faulty")
    browser.one("#rule-principal").send_keys("group:local/nobody")
    Select(browser.one("#rule-role")).select_by_value("editor")
    admin.write("Modality of the series", "CT")
    admin.press("#rule-try")
    problem = browser.one("#rule-outcome .problem").text
    assert "Rule faulty: there is no such local group" in problem
    assert "Rule faulty: a rule with a condition is only for roles that look" in problem
    assert browser.all("#rule-save") == [] and admin.rule("faulty") is None


def test_a_rule_is_removed_once_somebody_has_seen_who_loses(admin):
    admin.make_rule("short", "client:short")
    admin.open("#/rules", "#rules .entry")
    browser = admin.browser
    remove = admin.entry("#rules", "short").find_element(By.CSS_SELECTOR, ".remove")
    remove.send_keys(Keys.ENTER)
    assert "client:short" in browser.one("dialog[open] #may-lose").text
    browser.screenshot("app-rule-remove")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog.ask"), "the question to go")
    assert admin.rule("short") is not None
    remove.send_keys(Keys.ENTER)
    admin.press("dialog[open] .grave")
    browser.until(lambda: not any("client:short" in text for text in browser.texts("#rules .entry")), "the rule to go")
    assert admin.rule("short") is None


def test_script_in_a_rule_is_text(admin):
    admin.make_rule(
        "evil", "client:evil",
        condition={"description": [SCRIPT], "patients": [{"id": "<b>P</b>", "issuer": "<i>I</i>"}]},
    )
    admin.open("#/rules", "#rules .entry")
    browser = admin.browser
    assert SCRIPT in admin.entry("#rules", "evil").text
    admin.open("#/rules/evil", "#rule-form")
    admin.write("Institution", SCRIPT)
    admin.press("#rule-try")
    assert browser.one("#rule-outcome .conditions").text.count(SCRIPT) == 2
    assert browser.all("#rules script, #rules img, #rules b, #rules i") == []
    admin.press("#rule-save")
    admin.entry("#rules", "evil")
    assert admin.rule("evil")["condition"] == {
        "description": [SCRIPT], "institution": [SCRIPT], "patients": [{"id": "<b>P</b>", "issuer": "<i>I</i>"}],
    }


def test_a_decision_is_explained_by_the_rule_that_made_it(admin):
    admin.make_key("asked")
    admin.make_rule("asked-ct", "client:asked", condition={"modality": ["CT"]})
    admin.make_rule("asked-not", "client:asked", effect="deny", resource=f"stores/radiology/studies/{admin.mr}")
    admin.open(f"#/explain?store=radiology&study={admin.ct}", "#explain-form")
    browser = admin.browser
    browser.one("#explain-principal").send_keys("client:asked" + Keys.ENTER)
    browser.until(lambda: "The rule asked-ct allows it." in browser.one("#explanation").text, "the rule that allows")
    text = browser.one("#explanation").text
    assert "In part" in text and new_uid("admin", "CT") in text
    assert "client:asked may search, retrieve and render imaging" in text and "modality CT" in text
    browser.screenshot("app-explained")
    study = browser.one("#explain-study")
    study.clear()
    study.send_keys(admin.mr + Keys.ENTER)
    browser.until(lambda: "The rule asked-not denies it." in browser.one("#explanation").text, "the rule that denies")
    assert browser.one("#explanation h2").text == "No"
    principal = browser.one("#explain-principal")
    principal.clear()
    principal.send_keys("client:stranger" + Keys.ENTER)
    browser.until(lambda: "No rule allows it" in browser.one("#explanation").text, "that nothing is granted")
    assert "no such thing" in browser.one("#explanation").text
    admin.press("#explain .tabs a[href='#/rules']")
    browser.one("#rules h1")


def test_every_permission_can_be_asked_about(admin):
    me = admin.gateway.call("GET", "/api/v1/me").json()
    expected = {*me["permissions"], *(name for store in me["stores"] for name in store["permissions"])}
    for address, css in (("#/explain", "#explain-permission option"), ("#/audit", "#audit .what option")):
        admin.open(address, css)
        options = admin.browser.script("return [...document.querySelectorAll(arguments[0])].map((o) => o.value)", css)
        assert expected <= set(options)


def test_a_study_leads_to_who_saw_it(admin):
    key = admin.make_key("viewer-7")
    admin.make_rule("viewer-7", "client:viewer-7", resource=f"stores/radiology/studies/{admin.ct}")
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 200
    assert admin.status(key, f"{STUDIES}/{admin.mr}") == 404
    admin.open(f"#/studies/radiology/{admin.ct}", "#study h1")
    browser = admin.browser
    browser.driver.find_element(By.LINK_TEXT, "Who saw it").send_keys(Keys.ENTER)
    text = admin.entry("#audit", "viewer-7").text
    assert "answered" in text and "ADM-1 of HOSP" in text and admin.ct in text
    assert not any(admin.mr in text for text in browser.texts("#audit .entry"))
    # What did this person see, and was refused?
    admin.entry("#audit", "viewer-7").find_element(By.CSS_SELECTOR, "[title='What it did']").send_keys(Keys.ENTER)
    admin.entry("#audit", admin.mr)
    assert browser.one("#audit-caller").get_attribute("value") == "client:viewer-7"
    assert all("viewer-7" in text for text in browser.texts("#audit .entry"))
    Select(browser.one("#audit-outcome")).select_by_value("refused")
    admin.press("#audit-form .primary")
    browser.until(
        lambda: (texts := browser.texts("#audit .entry")) and all("refused" in text for text in texts), "refusals alone"
    )
    assert [admin.mr in text for text in browser.texts("#audit .entry")] == [True]


def test_the_audit_is_narrowed_by_patient_and_day(admin):
    assert admin.status(admin.gateway.key, f"{STUDIES}/{admin.mr}/series") == 200
    admin.open("#/audit", "#audit .entry")
    browser = admin.browser
    admin.write("Patient ID", "ADM-2")
    admin.press("#audit-form .primary")
    browser.until(
        lambda: (texts := browser.texts("#audit .entry")) and all("ADM-2" in text for text in texts), "this patient alone"
    )
    assert not any(admin.ct in text for text in browser.texts("#audit .entry"))
    assert "ADM-2" not in browser.driver.current_url
    admin.write("To", "2020-01-01")
    admin.press("#audit-form .primary")
    browser.until(lambda: "There is no such record." in browser.one("#audit .list-end").text, "nothing that early")


def test_the_audit_comes_by_pages_and_says_that_it_is_whole(admin):
    for number in range(70):
        admin.gateway.call("GET", f"{STUDIES}/1.2.3.{number}")
    admin.open("#/audit", "#audit .entry")
    browser = admin.browser
    browser.until(lambda: len(browser.all("#audit .entry")) == 50, "a first page")
    admin.press("#audit .more")
    browser.until(lambda: len(browser.all("#audit .entry")) > 50, "a second page")
    numbers = browser.script(
        "return [...document.querySelectorAll('#audit .facts-list div:last-child dd')].map((e) => Number(e.textContent))"
    )
    assert len(set(numbers)) == len(numbers) and numbers == sorted(numbers, reverse=True)
    admin.press("#audit-verify")
    browser.until(lambda: "The audit is whole: " in browser.one("#audit-checked").text, "that it is whole")


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_views_fit_a_phone_and_a_desk(admin, is_dark):
    browser = admin.browser
    if admin.rule("wide") is None:
        admin.make_rule(
            "wide", "user:hospital/0123456789abcdef0123456789abcdef@a-long-name.example", effect="deny",
            resource=f"stores/radiology/studies/{admin.ct}/series/{new_uid('admin', 'CT')}",
            condition={
                "referringPhysician": ["MEIER*", "A" * 60], "dateFrom": "20260101",
                "patients": [{"id": "P" * 60, "issuer": "I" * 60}, {"id": "ADM-1", "issuer": "HOSP"}],
            },
        )
    browser.dark(is_dark)
    scheme = "dark" if is_dark else "light"
    views = {
        "people": ("#/people", "#people .entry"), "rules": ("#/rules", "#rules .entry"),
        "rule": ("#/rules/wide", "#rule-form"),
        "explain": (f"#/explain?principal=client%3Areader&store=radiology&study={admin.ct}", "#explanation h2"),
        "audit": ("#/audit", "#audit .entry"),
    }
    try:
        for name, width, height in (("desk", 1280, 860), ("phone", 360, 740)):
            browser.size(width, height, mobile=name == "phone")
            for view, (address, css) in views.items():
                admin.open(address, css)
                browser.screenshot(f"app-{view}-{name}-{scheme}")
                admin.fits(view)
    finally:
        browser.size(1280, 860)
        browser.dark(False)


def test_who_may_not_is_shown_none_of_it(admin):
    """The last test: the browser is signed in as somebody else afterwards."""
    key, auditor = admin.make_key("plain"), admin.make_key("auditor")
    admin.let_in("plain", "auditor", "collimator.audit.read")
    admin.sign_in(key)
    browser = admin.browser
    browser.one(".row")
    assert not browser.driver.find_element(By.ID, "places").is_displayed()
    for address in ("#/people", "#/rules", "#/rules/guest", "#/new-rule", "#/explain", "#/webhooks", "#/new-webhook", "#/audit"):
        admin.open(address, ".row")
        assert browser.one("#worklist")
        assert browser.texts("#people, #rules, #explain, #webhooks, #audit") == [""] * 5
    admin.open(f"#/studies/radiology/{admin.ct}", "#study h1")
    assert browser.driver.find_elements(By.LINK_TEXT, "Who saw it") == []
    # Somebody who may do one thing is shown that one, and nothing is asked that would be refused.
    admin.sign_in(auditor)
    admin.open("#/audit", "#audit .entry")
    assert [link.text for link in browser.all("#places a") if link.is_displayed()] == ["Studies", "Audit"]
    browser.one("#audit-caller").send_keys("client:plain" + Keys.ENTER)
    browser.until(
        lambda: (texts := browser.texts("#audit .entry")) and all("plain" in text for text in texts), "this caller alone"
    )
    refused = admin.gateway.call("GET", "/api/v1/audit?caller=client:auditor&outcome=refused").json()
    assert refused["items"] == []
