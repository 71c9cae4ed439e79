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

    dark = kit.enter("reviewer", dark=True)
    for path in ("/", "/rooms/R-0008", "/review", "/account"):
        dark.goto(kit.base + path)
        kit.accessible(dark)
    kit.picture(dark, "account-dark")

    phone = kit.enter("reviewer", phone=True, script=False)
    for address, name in ((kit.base + "/", "rooms-phone"), (kit.base + "/rooms/R-0008", "room-phone"), (sheet, "sheet-phone")):
        phone.goto(address)
        kit.fits(phone)
        kit.picture(phone, name)
