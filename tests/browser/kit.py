"""What the browser tests share: Debian's Chromium under Playwright, people who sign in, pictures, and axe-core.

A flow is a file beside this one with a function `run(kit)`; tests/e2e/browser.rs starts it against a real daemon:
python3 tests/browser/kit.py FLOW '{"base": "http://localhost:8480", …}'. It ends with 0, or tells what it missed."""

import email
import email.policy
import importlib
import json
import pathlib
import re
import sys
import time
import urllib.parse

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

DESK = {"width": 1280, "height": 900}
# As Playwright's descriptor of a middling phone; a nurse's, held upright.
PHONE = {"width": 390, "height": 844}
# WCAG 2.0 to 2.2, levels A and AA.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Kit:
    def __init__(self, playwright, browser, given):
        self.playwright = playwright
        self.browser = browser
        self.given = given
        self.base = given["base"]
        self.pictures = pathlib.Path(given["pictures"])
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.looked = []

    def person(self, phone=False, script=True, dark=False):
        """A browser of one's own; what a page logs as an error fails the test."""
        context = self.browser.new_context(
            viewport=PHONE if phone else DESK, is_mobile=phone, has_touch=phone, device_scale_factor=2 if phone else 1,
            locale="ja-JP", timezone_id="Asia/Tokyo", java_script_enabled=script, color_scheme="dark" if dark else "light")
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda e: self.looked.append(f"{page.url}: {e}"))
        page.on("console", lambda m: self.looked.append(f"{page.url}: {m.text}")
                if m.type == "error" and "status of 4" not in m.text else None)
        return page

    def enter(self, role, path="/", **kind):
        """One of the demo's people."""
        page = self.person(**kind)
        page.goto(f"{self.base}/login?next={urllib.parse.quote(path)}")
        page.locator(f"button[name=role][value={role}]").click()
        page.wait_for_url(lambda u: "/login" not in u)
        return page

    def passkey(self, page):
        """A phone's own authenticator, whose holder is always recognised."""
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}})

    def mails(self, recipient, subject=""):
        """Mails to somebody, the newest first; waits for the first."""
        for _ in range(200):
            paths = sorted(pathlib.Path(self.given["mails"], "new").glob("*"), key=lambda p: -p.stat().st_mtime_ns)
            mails = [email.message_from_bytes(p.read_bytes(), policy=email.policy.default) for p in paths]
            found = [m for m in mails if m["to"] == recipient and subject in m["subject"]]
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"no mail to {recipient}")

    def mail_link(self, recipient, subject=""):
        """The link to the door in the newest mail to somebody."""
        text = self.mails(recipient, subject)[0].get_content()
        return re.search(r"https?://\S+/enrol/\S+", text).group()

    def notice(self, recipient, subject):
        """Link and whole text of a notice."""
        mail = self.mails(recipient, subject)[0]
        body = mail.get_body(("plain",)).get_content()
        return re.search(r"https?://\S+/documents/\S+", body).group(), mail["subject"] + body

    def accessible(self, page):
        """No violation of WCAG 2.2 AA that axe-core can see."""
        found = Axe().run(page, options=RULES).response["violations"]
        told = [f"{v['id']}: {v['help']}: {n['target']}: {n['html'][:160]}" for v in found for n in v["nodes"]]
        assert not told, f"{page.url}\n" + "\n".join(told)

    def fits(self, page):
        """Nothing sticks out of a phone's screen."""
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= page.viewport_size["width"], f"{page.url} is {wide} wide"

    def light(self, page, limit=100_000):
        """Bytes of the page, its style sheet and scripts, without pictures."""
        sizes = {}

        def note(response):
            kind = response.request.resource_type
            if kind in ("document", "stylesheet", "script"):
                sizes[response.url] = response.request.sizes()["responseBodySize"]

        # As one who comes for the first time loads it.
        fresh = page.context.new_page()
        fresh.context.new_cdp_session(fresh).send("Network.setCacheDisabled", {"cacheDisabled": True})
        answers = []
        fresh.on("response", lambda r: answers.append(r))
        fresh.goto(page.url)
        fresh.wait_for_load_state("networkidle")
        for answer in answers:
            note(answer)
        fresh.close()
        assert sum(sizes.values()) < limit, f"{page.url}: {sizes}"

    def picture(self, page, name, whole=False):
        page.screenshot(path=str(self.pictures / f"{name}.png"), full_page=whole)


def main(flow, given):
    given = json.loads(given)
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        kit = Kit(p, browser, given)
        importlib.import_module(flow).run(kit)
        browser.close()
        assert not kit.looked, "\n".join(kit.looked)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
