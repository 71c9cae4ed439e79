"""A new hospital: its birth date is not found; an administrator shows where it stands, tries it on what people decided,
puts it in force, and the next sheet of that hospital passes straight through."""

import os
import re
import shutil
import time

from kit import expect


def run(kit):
    desk = kit.enter("rules", "/review")
    # The sheet waits: nobody could say whose it is for certain. A person says it, and what the birth date is.
    desk.get_by_role("link", name="退院時サマリー").first.click()
    desk.wait_for_url("**/review/*-*")
    sheet = desk.url.split("/")[-1]
    assert desk.locator('[data-key="patient.birth_date"]').count() == 0, "it is not found"
    desk.get_by_text("ほかの項目を足す").click()
    desk.locator("#add-key").select_option("patient.birth_date")
    desk.locator("#add-value").fill("1938-05-17")
    desk.locator("#add button").click()
    expect(desk.locator('[data-key="patient.birth_date"]')).to_be_visible()
    desk.locator("#other").fill("R-0001")
    desk.locator("#go").click()
    desk.wait_for_url(lambda u: "/review/" not in u)

    desk.goto(kit.base + "/rules")
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "rules")
    desk.locator(f'#sheets a[href$="{sheet}"]').click()
    kit.accessible(desk)

    # What tells the hospital, and what was missed.
    desk.locator("#wizard").click()
    kit.accessible(desk)
    desk.get_by_label("FAX 04-7100-5561").check()
    desk.get_by_label("生年月日").check()
    kit.picture(desk, "rules-wizard")
    desk.get_by_role("button", name="次へ").click()
    expect(desk.locator("#rule h2")).to_contain_text("生年月日")
    expect(desk.locator("#when")).to_have_value("fax:04-7100-5561")

    # Drawn with the mouse; the numbers follow.
    page = desk.locator("svg.traces").first
    page.scroll_into_view_if_needed()
    box = page.bounding_box()
    at = lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])
    desk.mouse.move(*at(0.2, 0.6))
    desk.mouse.down()
    desk.mouse.move(*at(0.6, 0.66), steps=4)
    desk.mouse.move(*at(0.97, 0.7), steps=4)
    desk.mouse.up()
    expect(desk.locator("#r0")).to_have_value(re.compile(r"^0\.(19|2)"))
    expect(desk.locator("#page")).to_have_value("1")
    desk.locator("#try").click()
    row = desk.locator('#fields tr[data-key="patient.birth_date"]')
    expect(row).to_contain_text("1938年5月17日")
    expect(row).to_contain_text("採用")
    kit.accessible(desk)
    kit.picture(desk, "rules-tune")
    # By numbers, on a page without a script, it is the same.
    plain = kit.enter("rules", f"/rules/sheets/{sheet}?field=patient.birth_date&when=fax:04-7100-5561", script=False)
    plain.locator("#r3").fill("0.75")
    plain.locator("#try").click()
    expect(plain.locator('#fields tr[data-key="patient.birth_date"]')).to_contain_text("1938年5月17日")
    # What cannot be is told beside the form, and a file's fault with its line.
    plain.locator("#r2").fill("0.1")
    plain.locator("#try").click()
    expect(plain.locator("#fault")).to_be_visible()
    desk.reload()
    desk.get_by_text("ファイルとして編集する").click()
    text = desk.locator("#text").input_value()
    desk.locator("#text").fill(text + "\nlables = 1\n")
    desk.get_by_role("button", name="下書きに入れる", exact=True).click()
    expect(desk.locator("#fault")).to_contain_text("行目")
    phone = kit.enter("rules", f"/rules/sheets/{sheet}?field=patient.birth_date", phone=True)
    kit.fits(phone)
    dark = kit.enter("rules", f"/rules/sheets/{sheet}?field=patient.birth_date", dark=True)
    kit.accessible(dark)

    # Tried on what people decided: it is better, and nothing breaks.
    desk.goto(kit.base + "/rules")
    desk.locator("#test").click()
    expect(desk.locator("#fixed")).to_have_text("1", timeout=60_000)
    expect(desk.locator("#broken")).to_have_text("0")
    expect(desk.locator("#estimate")).to_contain_text("抜き取り検査の済んだ書類がまだありません")
    kit.accessible(desk)
    kit.picture(desk, "rules-backtest", whole=True)
    desk.locator("#reason").fill("はまなす海浜病院の生年月日の場所")
    desk.get_by_role("button", name="このルールを有効にする").click()
    expect(desk.locator("#in-force")).to_be_visible()
    kit.accessible(desk)
    kit.picture(desk, "rules-revision")

    # The next sheet of that hospital goes straight into its room.
    partial = os.path.join(os.path.dirname(kit.given["scan"]), "being-written.tif")
    shutil.copy(kit.given["second"], partial)
    os.rename(partial, os.path.join(kit.given["scan"], "second.tif"))
    desk.goto(kit.base + "/rooms/R-0008")
    for _ in range(240):
        if desk.get_by_text("退院時サマリー").count():
            break
        time.sleep(0.5)
        desk.reload()
    expect(desk.get_by_text("退院時サマリー").first).to_be_visible()

    # History, a pack, a field of one's own, reading again; and one step back.
    desk.goto(kit.base + "/rules/history")
    kit.accessible(desk)
    kit.picture(desk, "rules-history")
    pack = desk.request.get(kit.base + "/rules/pack").text()
    assert "04-7100-5561" in pack and "成嶋" not in pack
    desk.goto(kit.base + "/rules/fields")
    desk.locator("#label").fill("血液型")
    desk.locator("#key").fill("blood_type")
    desk.get_by_role("button", name="下書きに足す").click()
    expect(desk.get_by_text("x.blood_type")).to_be_visible()
    kit.accessible(desk)
    desk.goto(kit.base + "/rules/again")
    kit.accessible(desk)
    desk.get_by_role("button", name="読み直す").click()
    expect(desk.locator("#told")).to_be_visible()
    desk.goto(kit.base + "/reread")
    kit.accessible(desk)
    desk.goto(kit.base + "/rules/history")
    desk.get_by_role("button", name="標準のルールだけに戻す").click()
    expect(desk.get_by_role("heading", name="第2版")).to_be_visible()
    desk.locator("textarea#text").fill(pack)
    desk.get_by_role("button", name="中身を見る").click()
    desk.get_by_role("button", name="下書きにする").click()
    expect(desk.locator("#draft")).to_be_visible()
    for path in ["/rules", "/rules/teach", "/rules/history", "/rules/fields", "/rules/again", "/reread"]:
        phone.goto(kit.base + path)
        kit.fits(phone)
