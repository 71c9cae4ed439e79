"""Administration of rooms and of what is kept: two rooms become one and two again, offices, a fax at the end of its time,
and the pages beside: proposed rooms, undelivered notices, how one is told, tokens."""

import re

from kit import expect

SOURCE, TARGET = "R-0001", "R-0008"


def run(kit):
    base = kit.base
    chief = kit.enter("admin", f"/admin/rooms?source={SOURCE}&target={TARGET}")
    pair = chief.get_by_role("region", name="2つの部屋")
    expect(pair).to_contain_text("片桐 澄江")
    expect(pair.get_by_role("alert")).to_contain_text("生年月日が同じではありません")
    kit.accessible(chief)
    kit.light(chief)
    kit.picture(chief, "rooms-merge", whole=True)
    # Two persons are not merged by a slip of the hand.
    chief.get_by_label("同じ方だと確かめたら").fill(TARGET)
    chief.get_by_label("理由").fill("電話で確認")
    chief.get_by_role("button", name="1つにする", exact=True).click()
    expect(chief.locator("p[role=alert]").first).to_contain_text("なくなる部屋の番号")
    chief.get_by_label("同じ方だと確かめたら").fill(SOURCE)
    chief.get_by_label("理由").fill("電話で確認")
    chief.get_by_role("button", name="1つにする", exact=True).click()
    chief.wait_for_url("**/admin/rooms#mergers")
    kit.accessible(chief)
    kit.picture(chief, "rooms-merged")

    # The old link leads to the room; it is found by its old number.
    reader = kit.enter("reviewer", f"/rooms/{SOURCE}")
    reader.wait_for_url(f"**/rooms/{TARGET}")
    reader.goto(f"{base}/?q={SOURCE}")
    expect(reader.get_by_role("link", name=re.compile("片桐")).first).to_be_visible()
    chief.get_by_role("button", name="元に戻す").click()
    expect(chief.get_by_text("元に戻しました").first).to_be_visible()
    assert reader.goto(f"{base}/rooms/{SOURCE}").status == 200
    assert reader.url.endswith(SOURCE)

    # Offices: a change of the staff is shown as a change of the register.
    chief.goto(base + "/admin/offices")
    kit.accessible(chief)
    kit.picture(chief, "offices")
    chief.get_by_label("メールアドレス", exact=True).fill("ns.hibino@example.jp")
    chief.get_by_label("お名前").fill("日比野 花")
    chief.get_by_label("職種").fill("看護師")
    chief.get_by_role("button", name="変わるところを見る").click()
    expect(chief.get_by_role("region", name="取り込みの確認")).to_contain_text("日比野 花")
    chief.get_by_role("button", name="このとおり取り込む").click()
    chief.goto(base + "/admin/offices")
    expect(chief.get_by_role("region", name="事業所の記載なし")).to_contain_text("日比野 花")

    # One fax is past its time: held, shown, and gone once its number is typed.
    chief.goto(base + "/admin/retention")
    due = chief.get_by_role("region", name="いま消せるもの")
    expect(due).to_contain_text("FAX 1 件")
    kit.accessible(chief)
    kit.picture(chief, "retention")
    chief.get_by_label("部屋", exact=True).fill(kit.given["old"])
    chief.get_by_label("理由").fill("開示請求への対応中")
    chief.get_by_role("button", name="保全する").click()
    expect(due).to_contain_text("保全中のため残しているFAX: 1")
    chief.get_by_role("button", name="保全を解く").click()
    chief.get_by_label("消えるFAXの件数").fill("7")
    chief.get_by_role("button", name="消す（元に戻せません）").click()
    expect(chief.get_by_role("alert")).to_contain_text("件数が違います")
    chief.get_by_label("消えるFAXの件数").fill("1")
    chief.get_by_role("button", name="消す（元に戻せません）").click()
    expect(chief.get_by_role("status")).to_contain_text("消しました")
    expect(due).to_contain_text("ありません")

    # The pages beside.
    for person, path, name in ((chief, "/admin/proposals", "proposals"), (chief, "/notices/undelivered", "undelivered"),
                               (reader, "/account/notices", "notice-settings"), (reader, "/account/tokens", "tokens")):
        person.goto(base + path)
        kit.accessible(person)
        kit.picture(person, name)
    phone = kit.enter("admin", "/admin/rooms", phone=True, dark=True)
    for path in ("/admin/rooms", "/admin/offices", "/admin/retention", "/admin/proposals", "/account/notices"):
        phone.goto(base + path)
        kit.fits(phone)
        kit.accessible(phone)
    phone.goto(base + "/admin/retention")
    kit.picture(phone, "retention-phone")

    # How one is told: digests at set hours, and a quiet night.
    reader.goto(base + "/account/notices")
    reader.get_by_label("決まった時刻に").check()
    reader.get_by_label("まとめて送る時刻").fill("08:00, 17:00")
    reader.get_by_label("始まり").fill("21:00")
    reader.get_by_label("終わり").fill("07:00")
    reader.get_by_role("button", name="この設定にする").click()
    expect(reader.get_by_role("status")).to_contain_text("変えました")
    expect(reader.get_by_label("まとめて送る時刻")).to_have_value(re.compile("08:00.*17:00"))
