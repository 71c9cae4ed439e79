"""A nurse's browser is told by push: it subscribes at its maker's service (here one on loopback), the daemon sends there, and what
the service worker shows is the notice, without anything of the patient. Then it is told no more."""

import json
import os
import pathlib
import shutil
import tempfile
import urllib.parse

from fcm import Service
from kit import PHONE, expect


def run(kit):
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder)
        # Push is not for windows that forget: a profile of its own.
        context = kit.playwright.chromium.launch_persistent_context(
            folder + "/profile", executable_path="/usr/bin/chromium", viewport=PHONE, locale="ja-JP",
            args=["--no-sandbox", "--disable-gpu", *service.arguments()],
            ignore_default_args=["--disable-background-networking"])
        try:
            told(kit, context, service)
        finally:
            context.close()


def told(kit, context, service):
    context.set_default_timeout(30_000)
    context.grant_permissions(["notifications"], origin=kit.base)
    page = context.new_page()
    page.on("pageerror", lambda e: kit.looked.append(f"{page.url}: {e}"))

    def here(route):
        """The browser names its maker's host, which ours stands for."""
        asked = json.loads(route.request.post_data)
        asked["endpoint"] = f"http://127.0.0.1:{service.web}/send/" + asked["endpoint"].rsplit("/", 1)[-1]
        route.continue_(post_data=json.dumps(asked))

    page.route(lambda url: "/account/push" in url, here)
    page.goto(f"{kit.base}/login?next=/account/notices")
    page.locator("button[name=role][value=viewer]").click()
    page.wait_for_url("**/account/notices")
    page.get_by_role("button", name="この端末に通知する").click()
    off = page.get_by_role("button", name="この端末への通知をやめる")
    expect(off).to_be_visible()
    expect(page.locator("#push-fault")).to_be_hidden()
    kit.accessible(page)
    kit.fits(page)

    # A sheet of a room of hers comes.
    source = pathlib.Path(kit.given["file"])
    shutil.copy(source, str(source) + ".copy")
    os.rename(str(source) + ".copy", pathlib.Path(kit.given["scan"], source.name))
    token, headers, body = service.next(0)
    for secret in kit.given["secrets"]:
        assert secret.encode() not in body, "it is encrypted"
    service.push(token, headers, body)
    shown = []
    for _ in range(300):
        shown = page.evaluate("""async () => {
            const worker = await navigator.serviceWorker.getRegistration("/");
            return (await worker.getNotifications()).map((n) => ({title: n.title, body: n.body, url: n.data.url}));
        }""")
        if shown:
            break
        page.wait_for_timeout(100)
    assert len(shown) == 1, shown
    text = json.dumps(shown, ensure_ascii=False)
    assert "退院時サマリー" in text, text
    for secret in kit.given["secrets"]:
        assert secret not in text, text
    # What a tap opens is the sheet.
    assert page.goto(urllib.parse.urljoin(kit.base, shown[0]["url"])).status == 200
    expect(page.get_by_role("heading", name="退院時サマリー").first).to_be_visible()

    page.goto(f"{kit.base}/account/notices")
    off.click()
    expect(page.get_by_role("button", name="この端末に通知する")).to_be_visible()
