"""A reviewer at the keyboard: a sheet whose patient is unsure, and one with fields that are; nobody else at the same sheet;
a sheet in the wrong room is taken back."""

import re

from kit import expect


class Keys:
    """Counts what the fingers do."""

    def __init__(self, page):
        self.page, self.count = page, 0

    def press(self, key):
        self.count += 1
        self.page.keyboard.press(key)

    def type(self, text):
        self.count += len(text)
        self.page.keyboard.type(text)


def run(kit):
    desk = kit.enter("reviewer", "/review")
    kit.accessible(desk)
    desk.get_by_role("link", name="連絡票").click()
    desk.wait_for_url("**/review/*-*")
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "review-sheet")
    held = desk.url

    # Another reviewer sees who is at it, and cannot decide.
    other = kit.enter("rules", "/review")
    other.goto(held)
    expect(other.get_by_role("alert")).to_contain_text("確認中")
    assert other.get_by_role("button", name="この部屋に掲載する").count() == 0

    # Unsure fields one after the other, one of them corrected; then the room, then posted: by keys alone.
    keys = Keys(desk)
    unsure = desk.locator(".field[data-unsure]")
    total = unsure.count()
    assert total > 0
    first = unsure.first.locator("textarea, select")
    expect(first).to_be_focused()
    for n in range(total):
        keys.press("Enter")
    radio = desk.get_by_role("radio").first
    expect(radio).to_be_focused()
    keys.press("Space")
    keys.press("F9")
    desk.wait_for_url(lambda u: "/review/" not in u)
    assert keys.count == total + 2, keys.count
    if "/documents/" in desk.url:
        kit.accessible(desk)

    # A sheet with fields that wait: corrected by typing, shown as a corrected version in its room.
    desk.goto(kit.base + "/review")
    desk.get_by_role("link", name="診療情報提供書").first.click()
    desk.wait_for_url("**/review/*-*")
    keys = Keys(desk)
    row = desk.locator(".field[data-unsure]").first
    expect(row.locator("textarea, select")).to_be_focused()
    total = desk.locator(".field[data-unsure]").count()
    # Not on this page, and taken back again.
    keys.press("F2")
    desk.wait_for_function("n => document.querySelectorAll('.field.decided').length === n", arg=1)
    keys.press("Control+z")
    desk.wait_for_load_state("load")
    expect(desk.locator(".field.decided")).to_have_count(0)
    for n in range(total):
        keys.press("Enter")
    keys.press("F9")
    desk.wait_for_url(lambda u: "/review?done=" in u)
    done = desk.url.split("=")[-1]
    desk.goto(f"{kit.base}/documents/{done}")
    expect(desk.get_by_text("訂正済み")).to_be_visible()
    # Twenty fields on three pages are 21 keys: far below a minute.
    assert keys.count <= total + 4, keys.count
    sheet = desk.url
    kit.picture(desk, "sheet-corrected")

    # It stands in a wrong room: taken back in one action, with who had opened it.
    desk.get_by_role("link", name="部屋がちがう").click()
    desk.wait_for_url("**/withdraw")
    kit.accessible(desk)
    kit.picture(desk, "withdraw")
    desk.get_by_label("ほかの部屋").fill("R-0003")
    desk.get_by_role("button", name="取り下げる").click()
    desk.wait_for_url("**/withdrawn")
    kit.accessible(desk)
    kit.picture(desk, "withdrawn")
    desk.goto(kit.base + "/rooms/R-0003")
    expect(desk.locator("article h2").first).to_contain_text("診療情報提供書")
    assert sheet.split("/")[-1] in desk.content()

    # Pages by keys: turned, split off, joined again, split off and set apart as misdirected.
    desk.goto(kit.base + "/rooms/R-0008")
    desk.locator("article h2 a").first.click()
    desk.wait_for_url("**/documents/*")
    whole = desk.url.split("/")[-1]
    desk.goto(f"{kit.base}/review/{whole}")
    second = desk.locator(".leaf").nth(1)
    second.locator("figcaption").click()
    desk.keyboard.press("F7")
    desk.wait_for_url("**#p2")
    expect(second.locator("g")).to_have_attribute("transform", re.compile("rotate"))
    for joins in (True, False):
        desk.goto(f"{kit.base}/review/{whole}")
        second.locator("figcaption").click()
        desk.keyboard.press("F6")
        expect(desk.locator(".leaf")).to_have_count(1)
        desk.goto(kit.base + "/review")
        desk.locator("main a[href^='/review/']").first.click()
        desk.wait_for_url("**/review/*-*")
        assert not desk.url.endswith(whole)
        if joins:
            kit.accessible(desk)
            desk.get_by_role("button", name="前の書類につなげる").click()
            desk.wait_for_url(f"**/review/{whole}*")
            expect(desk.locator(".leaf")).to_have_count(2)
        else:
            desk.keyboard.press("F8")
            desk.wait_for_url(lambda u: "/review/" not in u)
