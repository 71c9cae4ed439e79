"""Three corrections of one field of one hospital, a proposal, its backtest, accepted; the fourth sheet is right."""

import os
import shutil
import time

from kit import expect

DATES = {"R-0001": ["2026-07-13", "2026-07-28"], "R-0002": ["2026-07-17"]}


def run(kit):
    # The day of discharge has a word of the hospital's own: sheets are posted without it, and a reviewer adds it.
    desk = kit.enter("reviewer", "/review")
    for room, dates in DATES.items():
        desk.goto(f"{kit.base}/rooms/{room}")
        links = desk.locator("article h2 a")
        expect(links).to_have_count(len(dates))
        sheets = [links.nth(i).get_attribute("href").split("/")[-1] for i in range(len(dates))]
        for sheet in sheets:
            desk.goto(f"{kit.base}/documents/{sheet}")
            # Which of the two it is tells the sheet's own date.
            date = next(d for d in dates if len(dates) == 1 or ("2026年7月21日" in desk.content()) == (d == dates[1]))
            desk.goto(f"{kit.base}/review/{sheet}")
            desk.get_by_text("ほかの項目を足す").click()
            desk.locator("#add-key").select_option("encounter.discharge_date")
            desk.locator("#add-value").fill(date)
            desk.locator("#add button").click()
            expect(desk.locator('[data-key="encounter.discharge_date"]')).to_be_visible()
            desk.locator("#go").click()
            desk.wait_for_url(lambda u: "/review?done=" in u)

    # What they kept putting right, with what would spare them that.
    rules = kit.enter("rules", "/rules/teach")
    expect(rules.locator("#topics")).to_contain_text("3 回")
    kit.accessible(rules)
    kit.picture(rules, "rules-corrections")
    rules.locator("#topics a").first.click()
    offer = rules.locator("article.offer").first
    expect(offer).to_contain_text("見出しを加える: 「おうちへ」")
    expect(offer).to_contain_text("3 枚中 3 枚が正しく読めます")
    kit.accessible(rules)
    kit.light(rules)
    kit.picture(rules, "rules-proposal")
    phone = kit.enter("rules", rules.url.removeprefix(kit.base), phone=True)
    kit.fits(phone)
    kit.accessible(kit.enter("rules", rules.url.removeprefix(kit.base), dark=True))
    offer.get_by_role("button", name="下書きに入れる").click()

    rules.locator("#test").click()
    expect(rules.locator("#fixed")).to_have_text("3", timeout=60_000)
    expect(rules.locator("#broken")).to_have_text("0")
    rules.locator("#reason").fill("みどり台総合病院は退院日を「おうちへ」と書く")
    rules.get_by_role("button", name="このルールを有効にする").click()
    expect(rules.locator("#in-force")).to_be_visible()
    # It is learnt, and no longer a topic.
    rules.goto(kit.base + "/rules/teach")
    expect(rules.get_by_text("くり返し直されている項目はありません")).to_be_visible()

    # The pack says who made it, and one that was changed is refused.
    pack = rules.request.get(kit.base + "/rules/pack").text()
    rules.goto(kit.base + "/rules/history")
    rules.locator("textarea#text").fill(pack.replace('name = "faxbridge', 'name = "another'))
    rules.get_by_role("button", name="中身を見る").click()
    expect(rules.get_by_text("署名と合いません")).to_be_visible()
    rules.goto(kit.base + "/rules/history")
    rules.locator("textarea#text").fill(pack)
    rules.get_by_role("button", name="中身を見る").click()
    expect(rules.get_by_text("この施設で書き出したものです")).to_be_visible()
    kit.accessible(rules)

    # The fourth sheet.
    partial = os.path.join(os.path.dirname(kit.given["scan"]), "being-written.tif")
    shutil.copy(kit.given["fourth"], partial)
    os.rename(partial, os.path.join(kit.given["scan"], "fourth.tif"))
    for _ in range(240):
        desk.goto(kit.base + "/rooms/R-0002")
        if desk.locator("article h2 a").count() == 2:
            break
        time.sleep(0.5)
    desk.locator("article h2 a").first.click()
    expect(desk.locator("main")).to_contain_text("2026年7月30日")
