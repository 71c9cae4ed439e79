"""Rooms, one sheet and what was received: on a desk, on a phone, in the dark, without a script."""

from kit import expect


def run(kit):
    desk = kit.enter("reviewer")
    for path, name in (("/", "rooms"), ("/rooms/R-0008", "room"), ("/receipts", "receipts"), ("/review", "review")):
        desk.goto(kit.base + path)
        kit.accessible(desk)
        kit.light(desk)
        kit.picture(desk, name)
    desk.goto(kit.base + "/rooms/R-0008")
    desk.locator("article h2 a").first.click()
    desk.wait_for_url("**/documents/*")
    expect(desk.get_by_role("img", name="原本 1 ページ").first).to_be_visible()
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "sheet")
    sheet = desk.url

    # Found while it is typed: old and new characters, kana, one character; without a script by the button.
    desk.goto(kit.base + "/")
    for words, found in (("片桐", "片桐 澄江"), ("かたぎり", "片桐 澄江"), ("桐", "片桐 澄江")):
        desk.get_by_label("さがす（").fill(words)
        expect(desk.locator("#found").get_by_role("link", name=found)).to_be_visible()
        expect(desk.locator("#found").get_by_role("link", name="退院時サマリー").first).to_be_visible()
    kit.accessible(desk)
    kit.picture(desk, "search")
    desk.goto(kit.base + "/deadlines")
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "deadlines")

    dark = kit.enter("reviewer", dark=True)
    for path in ("/", "/rooms/R-0008", "/review", "/account"):
        dark.goto(kit.base + path)
        kit.accessible(dark)
    kit.picture(dark, "account-dark")

    phone = kit.enter("reviewer", phone=True, script=False)
    phone.goto(kit.base + "/")
    phone.get_by_label("さがす（").fill("片桐")
    phone.get_by_role("button", name="さがす").click()
    expect(phone.locator("#found").get_by_role("link", name="片桐 澄江")).to_be_visible()
    for address, name in ((kit.base + "/", "rooms-phone"), (kit.base + "/deadlines", "deadlines-phone"), (kit.base + "/rooms/R-0008", "room-phone"), (sheet, "sheet-phone")):
        phone.goto(address)
        kit.fits(phone)
        kit.picture(phone, name)

    # Whatever there is to read is there without a script, on a phone too, whoever reads.
    plain = {
        "viewer": ("/", "/deadlines", "/rooms/R-0008", "/account", "/account/notices", "/account/tokens"),
        "reviewer": ("/review", "/receipts", "/samples", "/notices/undelivered", "/reread", "/?q=片桐"),
        "rules": ("/rules", "/rules/history", "/rules/fields", "/rules/teach", "/rules/again"),
        "admin": ("/admin/accounts", "/admin/registers", "/admin/offices", "/admin/sources", "/admin/audit", "/admin/rooms",
                  "/admin/retention", "/admin/proposals", "/admin/samples", "/statistics", "/statistics/gaps"),
    }
    names = {"/account/notices": "notice-settings", "/account/tokens": "tokens", "/review": "review", "/receipts": "receipts",
             "/samples": "samples", "/notices/undelivered": "undelivered", "/?q=片桐": "search", "/rules": "rules",
             "/rules/history": "rules-history", "/rules/teach": "rules-corrections", "/admin/accounts": "accounts",
             "/admin/registers": "registers", "/admin/offices": "offices", "/admin/sources": "sources", "/admin/audit": "audit",
             "/admin/rooms": "rooms-merge", "/admin/proposals": "proposals", "/admin/samples": "sample-rates",
             "/statistics/gaps": "figures-gaps"}
    for role, paths in plain.items():
        reader = kit.enter(role, phone=True, script=False)
        for path in paths:
            answer = reader.goto(kit.base + path)
            assert answer.status == 200, f"{path} as {role}: {answer.status}"
            expect(reader.locator("main h1")).to_be_visible()
            kit.fits(reader)
            if path in names:
                kit.picture(reader, names[path] + "-phone")
    reader = kit.enter("reviewer", "/review", phone=True, script=False)
    reader.locator("main a[href^='/review/']").first.click()
    expect(reader.locator("main h1")).to_be_visible()
    expect(reader.locator("svg image, img").first).to_be_visible()
    expect(reader.locator("form").first).to_be_visible()
    kit.fits(reader)
    kit.picture(reader, "review-sheet-phone")
