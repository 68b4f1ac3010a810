"""The page `/app/` for administrators in a real browser: groups, roles, versions of the policy, and IAM beside the rules."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from support.admin import ACCESS, SCRIPT, STUDIES, Admin, no_faults, signed_in  # noqa: F401
from support.servers import Gateway


class PolicyAdmin(Admin):
    """An administrator who looks at the policy as a whole."""

    def part(self, kind: str, name: str) -> dict | None:
        found = self.gateway.call("GET", f"{ACCESS}/{kind}/{name}")
        return found.json() if found.status_code == 200 else None

    def make_group(self, name: str, *members: str):
        made = self.gateway.call("PUT", f"{ACCESS}/groups/{name}", json={"members": members}, headers={"If-Match": "*"})
        assert made.status_code == 200, made.text

    def version(self) -> int:
        return int(self.gateway.call("GET", f"{ACCESS}/policy").headers["ETag"].strip('"'))

    def policy(self) -> dict:
        return self.gateway.call("GET", f"{ACCESS}/policy").json()

    def in_section(self, title: str, text: str):
        """The entry with this text in the list of this name."""
        return self.browser.until(lambda: next((
            entry for entry in self.browser.all(f"ol[aria-label='{title}'] .entry") if text in entry.text
        ), None), f"{text} among {title}")


@pytest.fixture(scope="module")
def admin(binary, tmp_path_factory):
    gateway = Gateway(binary, tmp_path_factory.mktemp("policy-gateway"))
    with signed_in(gateway, tmp_path_factory.mktemp("policy"), PolicyAdmin) as admin:
        admin.fill()
        yield admin


def test_the_views_of_the_rules_lead_to_each_other(admin):
    admin.open("#/rules", "#rules h1")
    browser = admin.browser
    for address, heading in (
        ("groups", "Groups and roles"), ("versions", "Versions of the policy"), ("iam", "Rules and IAM"),
        ("explain", "Why, or why not"), ("rules", "Rules"),
    ):
        browser.one(f".tabs a[href='#/{address}']").send_keys(Keys.ENTER)
        assert browser.one("main section:not([hidden]) h1").text == heading
        assert browser.one(".tabs a[aria-current]").get_attribute("href").endswith(f"#/{address}")
        assert browser.one("#places a[aria-current]").text == "Rules"


def test_a_group_is_made_and_its_members_gain_what_rules_give_it(admin):
    key = admin.make_key("member")
    admin.make_key("second")
    admin.open("#/groups", "#groups h1")
    browser = admin.browser
    browser.driver.find_element(By.LINK_TEXT, "New group").send_keys(Keys.ENTER)
    browser.one("#group-name").send_keys("readers")
    for member in ("client:member", "client:second", "client:member"):
        browser.one("#group-member").send_keys(member + Keys.ENTER)
    assert browser.one("#group-members").get_attribute("value") == "client:member\nclient:second"
    admin.press("#group-try")
    browser.one("#group-save")
    assert admin.part("groups", "readers") is None
    # What is changed after it was tried has to be tried again.
    browser.one("#group-members").send_keys(" ")
    browser.until(lambda: not browser.all("#group-save"), "the result to go")
    admin.press("#group-try")
    admin.press("#group-save")
    assert "2 members" in admin.in_section("Local groups", "readers").text
    assert admin.part("groups", "readers") == {"name": "readers", "members": ["client:member", "client:second"]}
    admin.make_rule("readers", "group:local/readers")
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 200
    # A member who leaves loses it, and the page says so before.
    admin.in_section("Local groups", "readers").find_element(By.LINK_TEXT, "Edit").send_keys(Keys.ENTER)
    members = browser.one("#group-members")
    members.clear()
    members.send_keys("client:second")
    admin.press("#group-try")
    assert "client:member" in browser.one("#may-lose").text
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 200
    admin.press("#group-save")
    admin.in_section("Local groups", "1 member:")
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 404


def test_a_group_that_a_rule_names_stays(admin):
    admin.make_group("named", "client:somebody")
    admin.make_rule("names-it", "group:local/named")
    admin.open("#/groups", "#groups .entry")
    browser = admin.browser
    remove = admin.in_section("Local groups", "named").find_element(By.CSS_SELECTOR, ".remove")
    remove.send_keys(Keys.ENTER)
    browser.until(lambda: "Rule names-it: there is no such local group" in browser.one("#groups .problem").text, "why it stays")
    assert admin.part("groups", "named")
    assert admin.gateway.call("DELETE", f"{ACCESS}/rules/names-it", headers={"If-Match": "*"}).status_code == 204
    remove.send_keys(Keys.ENTER)
    browser.one("dialog[open] h2")
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: not browser.all("dialog.ask"), "the question to go")
    assert admin.part("groups", "named")
    remove.send_keys(Keys.ENTER)
    admin.press("dialog[open] .grave")
    browser.until(lambda: not any("group:local/named" in text for text in browser.texts("#groups .entry")), "the group to go")
    assert admin.part("groups", "named") is None


def test_a_group_that_changed_meanwhile_is_not_overwritten(admin):
    admin.make_group("raced", "client:one")
    admin.open("#/groups/raced", "#group-form")
    browser = admin.browser
    browser.one("#group-members").send_keys("\nclient:two")
    admin.press("#group-try")
    browser.one("#group-save")
    admin.make_group("raced", "client:three")
    admin.press("#group-save")
    browser.one("#group-outcome .problem")
    assert admin.part("groups", "raced")["members"] == ["client:three"]
    admin.press("#group-try")
    browser.until(lambda: "changed meanwhile" in browser.one("#group-outcome").text, "that it was changed")
    assert [fault for fault in browser.faults() if "status of 412" not in fault] == []


def test_a_role_is_made_edited_and_removed_and_the_predefined_stay(admin):
    admin.open("#/groups", "#groups .entry")
    browser = admin.browser
    viewer = admin.in_section("Roles", "viewer")
    assert "always there" in viewer.text and viewer.find_elements(By.CSS_SELECTOR, ".choices") == []
    browser.driver.find_element(By.LINK_TEXT, "New role").send_keys(Keys.ENTER)
    browser.one("#role-name").send_keys("registrar")
    browser.one("#role-summary").send_keys(SCRIPT)
    for permission in ("healthcare.dicomStores.dicomWebRead", "collimator.events.readOrders"):
        browser.one(f"#role-permissions input[value='{permission}']").send_keys(Keys.SPACE)
    admin.press("#role-try")
    admin.press("#role-save")
    entry = admin.in_section("Roles", "registrar")
    assert SCRIPT in entry.text and "2 permissions" in entry.text
    made = admin.part("roles", "registrar")
    assert sorted(made["permissions"]) == ["collimator.events.readOrders", "healthcare.dicomStores.dicomWebRead"]
    entry.find_element(By.CSS_SELECTOR, "summary").send_keys(Keys.ENTER)
    assert "get order numbers and dates in events" in entry.text
    assert browser.all("#groups script, #groups img") == []
    entry.find_element(By.LINK_TEXT, "Edit").send_keys(Keys.ENTER)
    browser.one("#role-permissions input[value='collimator.events.readOrders']").send_keys(Keys.SPACE)
    admin.press("#role-try")
    admin.press("#role-save")
    admin.in_section("Roles", "1 permission")
    assert admin.part("roles", "registrar")["permissions"] == ["healthcare.dicomStores.dicomWebRead"]
    admin.in_section("Roles", "registrar").find_element(By.CSS_SELECTOR, ".remove").send_keys(Keys.ENTER)
    admin.press("dialog[open] .grave")
    browser.until(lambda: not any("registrar" in text for text in browser.texts("#groups .entry")), "the role to go")
    assert admin.part("roles", "registrar") is None


def test_a_version_is_looked_at_and_brought_back_once_somebody_has_seen_who_loses(admin):
    key = admin.make_key("versioned")
    admin.make_rule("versioned", "client:versioned", condition={"modality": ["CT"]})
    early, before = admin.version(), admin.policy()
    assert admin.gateway.call("DELETE", f"{ACCESS}/rules/versioned", headers={"If-Match": "*"}).status_code == 204
    admin.make_rule("later", "client:later", condition={"description": [SCRIPT]})
    later = admin.version()
    assert admin.status(key, f"{STUDIES}/{admin.ct}") == 404
    admin.open("#/versions", "#versions .entry")
    browser = admin.browser
    newest = admin.entry("#versions", f"Version {later}")
    assert "in force" in newest.text and "by administrator" in newest.text
    assert sum("in force" in text for text in browser.texts("#versions .entry")) == 1
    browser.one(f"#versions a[href='#/versions/{early}']").send_keys(Keys.ENTER)
    lists = browser.until(lambda: (found := browser.all("#version-changed ol")) and len(found) == 2 and found, "two differences")
    assert "Added" in lists[0].text and "versioned" in lists[0].text and "modality CT" in lists[0].text
    assert "later" not in lists[0].text
    chips = [entry.find_element(By.CSS_SELECTOR, ".chip").text for entry in lists[1].find_elements(By.CSS_SELECTOR, ".entry")]
    assert sorted(chips) == ["Added", "Removed"] and SCRIPT in lists[1].text
    assert browser.all("#versions script, #versions img") == []
    browser.screenshot("app-version")
    admin.press("#version-try")
    assert "client:versioned" in browser.one("#may-gain").text and "client:later" in browser.one("#may-lose").text
    # Nothing has changed yet; and what somebody else changes meanwhile is not overwritten.
    assert admin.version() == later
    admin.make_rule("raced-version", "client:later")
    admin.press("#version-restore")
    browser.one("#version-outcome .problem")
    assert admin.rule("raced-version") and admin.rule("versioned") is None
    admin.press("#version-try")
    admin.press("#version-restore")
    admin.says("#versions", f"Version {later + 2}", f"brought version {early} back")
    assert admin.policy() == before and admin.status(key, f"{STUDIES}/{admin.ct}") == 200
    # The one in force is not offered to be brought back.
    admin.open(f"#/versions/{later + 2}", "#version-changed ol")
    assert "It is in force" in browser.one("#version-changed").text and browser.all("#version-try") == []
    admin.open("#/versions/999999", "#versions .problem")
    assert [fault for fault in browser.faults() if "status of 412" not in fault and "status of 404" not in fault] == []


def test_the_drift_of_iam_is_shown_with_what_would_be_bound(admin):
    admin.open("#/iam", "#iam-drift")
    browser = admin.browser
    assert browser.one("#iam-drift").text == "The policies are as the rules ask"
    admin.make_rule("direct-ann", "user:google/ann", direct=True, iamMember="user:ann@example.org")
    admin.make_rule("direct-odd", "client:odd", direct=True)
    admin.open("#/iam", "#iam-drift")
    assert browser.one("#iam-drift").text == "The policies have drifted from the rules"
    store = browser.one(".iam-resource[data-kind=store]").text
    assert "Asked for and not there (1)" in store and "user:ann@example.org for direct-ann" in store
    assert "It also allows" in store and "healthcare.dicomStores.export" in store
    assert "direct-odd: it does not say whom IAM would name" in browser.one("#iam-unmapped").text
    admin.press("#iam-plan-open")
    plan = browser.one("#iam-plan .panel").text
    assert "roles/healthcare.dicomViewer: user:ann@example.org" in plan and "collimator iam apply --store radiology" in plan
    # Nothing was changed by looking.
    situation = admin.gateway.call("GET", "/api/v1/stores/radiology/iam").json()
    assert situation["drift"] is True and situation["resources"][0]["bindings"] == []


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_views_fit_a_phone_and_a_desk(admin, is_dark):
    admin.make_group("w" * 64, *(f"user:hospital/{'m' * 60}{number}@a-long-name.example" for number in range(20)))
    version = admin.version()
    browser = admin.browser
    browser.dark(is_dark)
    views = {
        "groups": ("#/groups", "#groups .entry"), "group": (f"#/groups/{'w' * 64}", "#group-form"), "role": ("#/new-role", "#role-form"),
        "versions": ("#/versions", "#versions .entry"), "version": (f"#/versions/{version - 1}", "#version-try"), "iam": ("#/iam", "#iam-drift"),
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


def test_who_may_look_may_not_change_and_who_may_not_sees_none_of_it(admin):
    """The last test: the browser is signed in as somebody else afterwards."""
    admin.make_group("seen", "client:one")
    looker, stranger = admin.make_key("looker"), admin.make_key("stranger")
    admin.let_in("stranger", "looker", "collimator.policy.get")
    browser = admin.browser
    admin.sign_in(looker)
    for address in ("#/groups", "#/new-group", "#/groups/seen", "#/new-role", "#/roles/looker"):
        admin.open(address, "#groups .entry")
        assert browser.all("#groups .remove, #groups a.button, #groups form") == []
    admin.open(f"#/versions/{admin.version() - 1}", "#version-changed ol")
    assert browser.all("#version-try") == []
    # IAM is for who may see the policy of a store.
    assert browser.all(".tabs a[href='#/iam']") == []
    admin.open("#/iam", "#iam .empty")
    admin.sign_in(stranger)
    browser.one(".row")
    for address in ("#/groups", "#/groups/seen", "#/new-group", "#/new-role", "#/versions", "#/versions/1", "#/iam"):
        admin.open(address, ".row")
        assert browser.texts("#groups, #versions, #iam") == [""] * 3
