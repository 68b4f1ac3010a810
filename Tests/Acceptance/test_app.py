"""The page `/app/` in a real browser: sign-in, worklist, study, upload, download, sign-out."""

import io
import zipfile

import pytest
import requests
from pydicom.uid import BasicTextSRStorage
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from conftest import ROOT
from support.browser import Browser, wait_for_text
from support.dicom import file_bytes, new_uid, slice_of
from support.servers import Gateway

SCRIPT = "<img src=x onerror=window.hurt=1><script>window.hurt=1</script>"
# An equals sign would part a name.
EVIL_NAME = "Evil<script>window.hurt++</script>"
SLICES = 24
PICTURE = (
    "Rows", "Columns", "PixelData", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored",
    "HighBit", "PixelRepresentation",
)


class App:
    """A gateway with a few studies, and a browser that is signed in to it."""

    def __init__(self, gateway: Gateway, browser: Browser):
        self.gateway = gateway
        self.browser = browser
        self.stack = new_uid("app", "stack")
        self.evil = new_uid("app", "evil")

    def fill(self):
        series = new_uid("app", "series")
        for number in range(1, SLICES + 1):
            self.store(slice_of(
                "app", number, study=self.stack, series=series, InstanceNumber=number, PatientName="Scroll^Stella",
                PatientID="APP-1", AccessionNumber="APP-ACC-1", StudyDescription="CT OF A STACK", SeriesNumber=2,
                SeriesDescription="AXIAL",
            ))
        report = slice_of("app", "report", study=self.stack, Modality="SR", SeriesNumber=9)
        report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
        for keyword in PICTURE:
            delattr(report, keyword)
        self.store(report)
        self.store(slice_of(
            "app", "evil", study=self.evil, PatientName=EVIL_NAME, StudyDescription=SCRIPT,
            SeriesDescription=SCRIPT, PatientID='"><b>APP-2', AccessionNumber="<i>x</i>",
        ))

    def store(self, dataset):
        answer = self.gateway.call(
            "POST", "/api/v1/stores/radiology/studies", data=file_bytes(dataset),
            headers={"Content-Type": "application/dicom"},
        )
        assert answer.status_code in (200, 201), answer.text

    def link(self) -> str:
        made = self.gateway.run("sign-in")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def open(self, address: str = "#/"):
        self.browser.driver.get(f"{self.gateway.url}/app/{address}")

    def open_list(self):
        self.open()
        self.browser.script("document.querySelector('.search button').click()")
        self.browser.one(".row")

    def open_study(self, uid: str):
        self.open(f"#/studies/radiology/{uid}")
        self.browser.one("#study h1")

    def shown(self) -> str | None:
        """The number of the image that is drawn."""
        return self.browser.script("return document.querySelector('.slice')?.dataset.image")

    def see(self, number: int):
        self.browser.until(lambda: self.shown() == str(number), f"image {number}, not {self.shown()}")


@pytest.fixture(scope="module")
def app(binary, tmp_path_factory):
    folder = tmp_path_factory.mktemp("app")
    with Gateway(binary, tmp_path_factory.mktemp("app-gateway")) as gateway:
        browser = Browser(folder, ROOT / ".build/acceptance")
        try:
            app = App(gateway, browser)
            app.fill()
            app.printed = wait_for_text(gateway.log, r"http://127\.0\.0\.1:\d+/app/#signin=[\w-]+").group()
            browser.driver.get(app.printed)
            browser.one(".row")
            yield app
        finally:
            browser.close()


@pytest.fixture(autouse=True)
def no_faults(app):
    """No test may leave an error, or a breach of the content security policy, in the console."""
    app.browser.faults()
    yield
    assert app.browser.faults() == []


def test_the_printed_link_signs_in_and_leaves_the_address_bar(app):
    assert "signin" not in app.browser.driver.current_url
    app.browser.until(lambda: len(app.browser.all(".row")) == 2, "two studies")
    cookie = app.browser.driver.get_cookie("collimator_session")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and cookie["path"] == "/"
    assert app.browser.script("return document.cookie") == ""


def test_a_token_that_was_used_is_refused(app):
    token = app.printed.split("=")[-1]
    answer = requests.post(
        f"{app.gateway.url}/auth/sign-ins", json={"token": token}, headers={"Sec-Fetch-Site": "same-origin"}, timeout=30,
    )
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert token not in answer.text


def test_another_page_cannot_use_the_session(app):
    cookie = app.browser.driver.get_cookie("collimator_session")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        answer = requests.get(
            f"{app.gateway.url}/api/v1/stores", headers=headers, cookies={cookie["name"]: cookie["value"]}, timeout=30,
        )
        assert answer.status_code == 403, headers
        assert answer.json()["code"] == "forbidden"


def test_the_worklist_shows_studies_with_a_picture_each(app):
    app.open_list()
    browser = app.browser
    browser.until(lambda: len(browser.all(".row .picture img")) == 2, "two pictures")
    text = " ".join(browser.texts(".row"))
    for part in ("Scroll, Stella", "APP-1", "CT OF A STACK", "2026-01-05 10:30", "2 series"):
        assert part in text
    assert "not for primary diagnosis" in browser.one(".foot").text


def test_search_narrows_by_name_and_by_patient(app):
    app.open_list()
    browser = app.browser
    field, text = browser.one(".search select"), browser.one("#search")
    text.send_keys("stel")
    browser.until(lambda: browser.texts(".name") == ["Scroll, Stella"], "one study")
    text.clear()
    text.send_keys("nobody")
    browser.until(lambda: "No study matches" in browser.one(".list-end").text, "no study")
    text.clear()
    field.send_keys("Patient ID")
    text.send_keys("APP-1")
    browser.until(lambda: browser.texts(".name") == ["Scroll, Stella"], "one study by its patient")
    text.clear()
    text.send_keys("*")
    assert "wildcard" in browser.one(".problem").text
    browser.one(".problem button")
    field.send_keys("Patient's name")
    browser.one(".search > button").click()
    browser.until(lambda: len(browser.all(".row")) == 2, "all studies again")
    # The refused search is in the console, as it should be.
    assert all("status of 400" in fault for fault in browser.faults())


def test_filters_narrow_and_the_total_is_told(app):
    app.open_list()
    browser = app.browser
    count = lambda: browser.one(".count").text
    browser.until(lambda: count() == "2 studies", "the total of all")
    text, modality = browser.one("#search"), browser.one(".search label select")
    # Words of the description and of the name at once, in the field that searches everywhere.
    browser.one(".search select").send_keys("Words")
    text.send_keys("stack scroll")
    browser.until(lambda: browser.texts(".name") == ["Scroll, Stella"], "one study by words of two fields")
    assert count() == "1 study"
    text.clear()
    Select(modality).select_by_value("SR")
    browser.until(lambda: browser.texts(".name") == ["Scroll, Stella"], "the study with a report")
    Select(modality).select_by_value("MG")
    browser.until(lambda: "No study matches" in browser.one(".list-end").text, "no mammogram")
    browser.one(".search > button").click()
    browser.until(lambda: len(browser.all(".row")) == 2, "all studies again")
    assert modality.get_attribute("value") == ""
    offered = browser.script("return [...document.querySelectorAll('#suggestions option')].map((o) => o.value)")
    assert "Scroll Stella" in offered


def test_a_study_opens_by_keyboard_and_leads_back(app):
    app.open_list()
    browser = app.browser
    browser.one("#search").click()
    row = next(row for row in browser.all(".row") if "Stella" in row.text)
    browser.script("arguments[0].focus()", row)
    row.send_keys(Keys.ENTER)
    assert "Scroll, Stella" in browser.one("#study h1").text
    assert "Stella" in browser.driver.title
    browser.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.until(lambda: "Stella" in browser.driver.switch_to.active_element.text, "focus on the row again")


def test_a_stack_scrolls_by_keys_wheel_and_slider(app):
    app.open_study(app.stack)
    browser = app.browser
    stage = browser.one(".stage")
    middle = (SLICES - 1) // 2 + 1
    app.see(middle)
    source = browser.one(".slice").get_attribute("src")
    stage.send_keys(Keys.ARROW_DOWN)
    app.see(middle + 1)
    assert browser.one(".slice").get_attribute("src") != source
    assert stage.get_attribute("aria-valuetext") == f"Image {middle + 1} of {SLICES}"
    for key, number in (
        (Keys.ARROW_UP, middle), (Keys.PAGE_DOWN, middle + 10), (Keys.PAGE_DOWN, SLICES), (Keys.HOME, 1),
        (Keys.ARROW_UP, 1), (Keys.END, SLICES), (Keys.PAGE_UP, SLICES - 10),
    ):
        stage.send_keys(key)
        app.see(number)
    browser.script(
        "arguments[0].dispatchEvent(new WheelEvent('wheel', {deltaY: 100, bubbles: true, cancelable: true}))", stage
    )
    app.see(SLICES - 9)
    browser.script(
        "const s = document.querySelector('.slider'); s.value = 5; s.dispatchEvent(new Event('input'))"
    )
    app.see(5)


def test_a_series_without_pictures_says_what_it_is(app):
    app.open_study(app.stack)
    next(tile for tile in app.browser.all(".tile") if "SR" in tile.text).click()
    assert "Structured report" in app.browser.one(".no-picture").text
    app.browser.one(".no-picture a")


def test_script_in_dicom_text_is_text(app):
    app.open_list()
    browser = app.browser
    assert any(SCRIPT[:20] in text for text in browser.texts(".row"))
    app.open_study(app.evil)
    browser.one(".stage")
    assert SCRIPT[:20] in browser.one("#study").text
    assert browser.script("return window.hurt") is None
    assert browser.all("#study script, #study img[onerror], #study b, #worklist script, #worklist i") == []


def test_files_and_a_folder_are_uploaded_with_an_outcome_each(app, tmp_path):
    app.open_list()
    browser = app.browser
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    study = new_uid("upload")
    for number in range(3):
        dataset = slice_of("upload", number, study=study, PatientName="Upload^Una", InstanceNumber=number)
        (folder / "deep" / f"{number}.dcm").write_bytes(file_bytes(dataset))
    (folder / "notes.txt").write_text("not an image")
    browser.one("#open-upload").click()
    browser.driver.find_element(By.ID, "choose-folder").send_keys(str(folder))
    ended(browser, 4)
    states = dict(zip(browser.texts(".uploads .file"), browser.texts(".uploads .state")))
    assert [states[f"scans/deep/{number}.dcm"] for number in range(3)] == ["stored"] * 3
    assert states["scans/notes.txt"] == "skipped"
    assert any(text for text in browser.texts(".uploads .detail")), "no reason is given"
    browser.until(lambda: "Upload, Una" in browser.texts(".name"), "the new study in the list")
    browser.driver.find_element(By.ID, "choose-files").send_keys(str(folder / "deep" / "0.dcm"))
    ended(browser, 5)
    assert browser.texts(".uploads .state")[0] == "already there"
    browser.screenshot("app-upload")
    browser.one("#upload header button").click()
    assert browser.all("#upload[hidden]")


def test_a_folder_is_uploaded_by_drag_and_drop(app, tmp_path):
    app.open_list()
    browser = app.browser
    folder = tmp_path / "dropped" / "deep"
    folder.mkdir(parents=True)
    for number in range(2):
        dataset = slice_of("dropped", number, study=new_uid("dropped"), PatientName="Drop^Dora", InstanceNumber=number)
        (folder / f"{number}.dcm").write_bytes(file_bytes(dataset))
    browser.drag("dragEnter", folder.parent)
    browser.until(lambda: not browser.all("#drop[hidden]"), "the veil that says where to drop")
    browser.drag("dragOver", folder.parent)
    browser.drag("drop", folder.parent)
    browser.until(lambda: "Drop, Dora" in browser.texts(".name"), "the dropped study in the list")
    files = dict(zip(browser.texts(".uploads .file"), browser.texts(".uploads .state")))
    assert [files[f"dropped/deep/{number}.dcm"] for number in range(2)] == ["stored"] * 2
    assert browser.all("#drop[hidden]")
    browser.one("#upload header button").click()


def test_downloads(app):
    app.open_study(app.stack)
    browser = app.browser
    app.see((SLICES - 1) // 2 + 1)
    browser.one("#download-image").click()
    assert browser.downloaded("*.dcm").read_bytes()[128:132] == b"DICM"
    browser.one("#download-study").click()
    with zipfile.ZipFile(io.BytesIO(browser.downloaded("*.zip").read_bytes())) as archive:
        assert archive.testzip() is None
        assert len([name for name in archive.namelist() if name.endswith(".dcm")]) == SLICES + 1


@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_a_phone_and_a_desk(app, is_dark):
    browser = app.browser
    browser.dark(is_dark)
    scheme = "dark" if is_dark else "light"
    try:
        for name, width, height in (("desk", 1280, 860), ("phone", 360, 740)):
            browser.size(width, height, mobile=name == "phone")
            app.open_list()
            browser.until(lambda: browser.all(".row .picture img"), "a picture")
            browser.screenshot(f"app-list-{name}-{scheme}")
            assert overflow(browser) <= 0
            app.open_study(app.stack)
            app.see((SLICES - 1) // 2 + 1)
            browser.screenshot(f"app-study-{name}-{scheme}")
            assert overflow(browser) <= 0
    finally:
        browser.size(1280, 860)


def test_signing_out_ends_the_session(app):
    app.open_list()
    browser = app.browser
    cookie = browser.driver.get_cookie("collimator_session")
    browser.one("#sign-out").click()
    assert "collimator sign-in" in browser.one("#sign-in").text
    browser.screenshot("app-signed-out")
    assert browser.driver.get_cookie("collimator_session") is None
    answer = requests.get(
        f"{app.gateway.url}/api/v1/stores", cookies={cookie["name"]: cookie["value"]}, timeout=30
    )
    assert answer.status_code == 401
    app.open()
    browser.one("#sign-in h1")
    browser.driver.get(app.link())
    browser.one(".row")


def ended(browser: Browser, count: int):
    browser.until(
        lambda: f"{count} of {count} files" in browser.driver.find_element(By.ID, "upload-summary").text,
        f"{count} uploads to end",
    )


def overflow(browser: Browser) -> int:
    return browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")


def test_what_arrives_in_an_empty_store_is_shown_without_being_asked_for(app, binary, tmp_path):
    """The last test: cookies know no ports, so signing in at another service ends the session at the first."""
    folder = tmp_path / "empty"
    folder.mkdir()
    with Gateway(binary, folder) as gateway:
        link = wait_for_text(gateway.log, r"http://127\.0\.0\.1:\d+/app/#signin=[\w-]+").group()
        app.browser.driver.get("about:blank")
        app.browser.driver.get(link)
        app.browser.until(lambda: "No studies yet" in app.browser.one(".list-end").text, "an empty store")
        answer = gateway.call(
            "POST", "/api/v1/stores/radiology/studies", data=file_bytes(slice_of("late", 1, PatientName="Late^Lea")),
            headers={"Content-Type": "application/dicom"},
        )
        assert answer.status_code == 201, answer.text
        app.browser.until(lambda: app.browser.texts(".name") == ["Late, Lea"], "the study that came")
        assert app.browser.one(".count").text == "1 study"
        # The page asks on, and the service is about to go.
        app.browser.driver.get("about:blank")
