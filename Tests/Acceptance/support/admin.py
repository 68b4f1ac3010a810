"""The page `/app/` as its administrator uses it."""

from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from conftest import ROOT
from support.browser import Browser
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

ACCESS = "/api/v1/access"
STUDIES = "/api/v1/stores/radiology/studies"
# No markup may come of it.
SCRIPT = "<img src=x onerror=window.hurt=1><script>window.hurt=1</script>"

# What is written in a colour that is too near to its ground (WCAG 2.2, 1.4.3).
FAINT = """
  const parse = (text) => {
    const numbers = text.match(/-?[\\d.]+(e-?\\d+)?/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    const [r, g, b, a = 1] = numbers;
    return [r * scale, g * scale, b * scale, a];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((one, index) => one * a + under[index] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(parse(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (colour) => colour.map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, index) => sum + one * [0.2126, 0.7152, 0.0722][index], 0);
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data.trim()).join("");
    if (!text || !element.checkVisibility() || element.closest("svg, [disabled], .hidden")) continue;
    const style = getComputedStyle(element);
    const under = ground(element);
    const [a, b] = [light(over(parse(style.color), under)), light(under)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < least) found.push(`${element.className || element.tagName}: ${text.slice(0, 40)} ${ratio.toFixed(2)}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  return [...found, ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `the id ${id} twice`)];
"""


class Admin:
    """A gateway with two studies, and a browser that its administrator is signed in with."""

    def __init__(self, gateway: Gateway, browser: Browser):
        self.gateway = gateway
        self.browser = browser
        self.ct = new_uid("admin", "ct")
        self.mr = new_uid("admin", "mr")

    def fill(self):
        for study, modality, patient in ((self.ct, "CT", "ADM-1"), (self.mr, "MR", "ADM-2")):
            stored = self.gateway.call(
                "POST", STUDIES, headers={"Content-Type": "application/dicom"},
                data=file_bytes(slice_of(
                    "admin", modality, study=study, series=new_uid("admin", modality), Modality=modality,
                    PatientID=patient, PatientName=f"Admin^{modality}", IssuerOfPatientID="HOSP", StudyDate="20260105",
                )),
            )
            assert stored.status_code == 201, stored.text

    def sign_in(self, key: str = ""):
        made = self.gateway.call("POST", "/auth/sign-in-links", key=key)
        assert made.status_code == 201, made.text
        self.browser.driver.get("about:blank")
        self.browser.driver.get(f"{self.gateway.url}{made.json()['path']}")
        self.browser.one("#sign-out")

    def open(self, address: str, css: str):
        """A view by its address, from anew, once the element is there."""
        self.browser.driver.get("about:blank")
        self.browser.driver.get(f"{self.gateway.url}/app/{address}")
        return self.browser.one(css)

    def make_key(self, name: str, **wish) -> str:
        made = self.gateway.call("POST", f"{ACCESS}/keys", json={"id": name, "name": name, **wish})
        assert made.status_code == 201, made.text
        return made.json()["key"]

    def let_in(self, guest: str, other: str, *rights: str):
        """Both may sign in; the guest sees the studies of one store, the other has the rights."""
        found = self.gateway.call("GET", f"{ACCESS}/policy")
        policy = found.json()
        signing_in = ["collimator.signIns.create", "healthcare.dicomStores.list"]
        policy["roles"] = [
            {"name": "guest", "permissions": signing_in}, {"name": other, "permissions": [*signing_in, *rights]},
        ]
        policy["rules"] += [
            {"id": "other", "effect": "allow", "principal": f"client:{other}", "role": other, "resource": "*"},
            {"id": "guest", "effect": "allow", "principal": f"client:{guest}", "role": "guest", "resource": "*"},
            {"id": "guest-sees", "effect": "allow", "principal": f"client:{guest}", "role": "viewer", "resource": "stores/radiology"},
        ]
        put = self.gateway.call("PUT", f"{ACCESS}/policy", json=policy, headers={"If-Match": found.headers["ETag"]})
        assert put.status_code == 200, put.text

    def make_rule(self, name: str, principal: str, **members) -> dict:
        rule = {
            "id": name, "effect": "allow", "principal": principal, "role": "viewer", "resource": "stores/radiology",
            **members,
        }
        made = self.gateway.call("POST", f"{ACCESS}/rules", json=rule)
        assert made.status_code == 201, made.text
        return rule

    def rule(self, name: str) -> dict | None:
        found = self.gateway.call("GET", f"{ACCESS}/rules/{name}")
        return found.json() if found.status_code == 200 else None

    def status(self, key: str, path: str = "/api/v1/me") -> int:
        return self.gateway.call("GET", path, key=key).status_code

    def entry(self, section: str, text: str):
        """The entry of a list with this text."""
        return self.browser.until(lambda: self.browser.script(
            "return [...document.querySelectorAll(arguments[0])].find((e) => e.textContent.includes(arguments[1]))",
            f"{section} .entry", text,
        ), f"an entry of {text}")

    def says(self, section: str, text: str, words: str):
        """Waits until the entry with this text has these words too."""
        self.browser.until(
            lambda: any(text in entry and words in entry for entry in self.browser.texts(f"{section} .entry")),
            f"{words} for {text}",
        )

    def press_in(self, section: str, text: str, css: str):
        """Presses what is in the entry with this text."""
        self.entry(section, text).find_element(By.CSS_SELECTOR, css).send_keys(Keys.ENTER)

    def press(self, css: str):
        self.browser.one(css).send_keys(Keys.ENTER)

    def write(self, label: str, text: str):
        """Types into the field with this name."""
        field = self.browser.until(
            lambda: next((
                field for field in self.browser.all(".field")
                if field.is_displayed() and field.text.split("\n")[0] == label
            ), None), f"the field {label}",
        )
        element = field.find_element(By.CSS_SELECTOR, "input, textarea")
        if element.get_attribute("type") in ("date", "datetime-local"):
            self.browser.script(
                "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
                element, text,
            )
            return
        element.clear()
        element.send_keys(text)

    def fits(self, what: str):
        """Whether the view fits the window, with room for fingers (WCAG 2.2, 2.5.8: 24 by 24 pixels)."""
        excess = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.browser.script(excess) <= 0, what
        # A link in a text may be as small as the text.
        small = self.browser.script(
            "return [...document.querySelectorAll('main button:not(.link), main a.button, main select, #places a')]"
            ".filter((e) => e.checkVisibility()).map((e) => e.getBoundingClientRect())"
            ".filter((box) => box.height < 24 || box.width < 24).length"
        )
        assert small == 0, what
        unnamed = self.browser.script(
            "return [...document.querySelectorAll('main input, main select, main textarea')]"
            ".filter((e) => e.checkVisibility() && !e.labels?.length && !e.ariaLabel).map((e) => e.outerHTML)"
        )
        assert unnamed == [], what
        assert self.browser.script(FAINT) == [], what


@contextmanager
def signed_in(gateway: Gateway, folder, kind=Admin):
    """The administrator of the gateway, signed in with a browser of their own."""
    with gateway:
        browser = Browser(folder, ROOT / ".build/acceptance")
        try:
            admin = kind(gateway, browser)
            admin.sign_in()
            yield admin
        finally:
            browser.close()


@pytest.fixture(autouse=True)
def no_faults(admin):
    """No test may leave an error, or a breach of the content security policy, in the console."""
    admin.browser.faults()
    yield
    assert admin.browser.faults() == []
    assert admin.browser.script("return window.hurt") is None
