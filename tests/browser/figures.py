"""Figures: a blind sample is read without a hint, what is wrong is put right in its room; an administrator sees the rate,
and how the service is used, on a desk and on a phone."""

from kit import expect


def run(kit):
    desk = kit.enter("reviewer", "/review")
    desk.get_by_role("link", name="抜き取り検査").click()
    desk.wait_for_url("**/samples")
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "samples")
    desk.get_by_role("link", name="退院時サマリー").first.click()
    desk.wait_for_url("**/samples/*-*")
    sample = desk.url
    kit.accessible(desk)
    kit.light(desk)
    kit.picture(desk, "sample")

    phone = kit.enter("reviewer", "/samples", phone=True, dark=True)
    phone.goto(sample)
    kit.fits(phone)
    kit.accessible(phone)
    kit.picture(phone, "sample-phone")

    # Not a word of what the machine read, until something else is typed.
    looked, judged = set(), 0
    for _ in range(80):
        if desk.locator("#done, #wrong").count():
            break
        if desk.locator("#differs").count():
            judged += 1
            expect(desk.get_by_text("1901年1月1日")).to_be_visible()
            kit.accessible(desk)
            kit.picture(desk, "sample-differs")
            desk.get_by_role("button", name="あなたの答えが正しい").click()
            continue
        label = desk.locator("#asked").inner_text()
        looked.add(label)
        assert not any(secret in desk.content() for secret in kit.given["secrets"]), label
        if label == "患者氏名":
            # Nothing typed is no answer.
            desk.get_by_role("button", name="この内容で答える").click()
            expect(desk.get_by_role("alert")).to_be_visible()
            desk.get_by_label(label, exact=True).fill("片桐　澄江")
            desk.get_by_role("button", name="この内容で答える").click()
        elif label == "生年月日":
            desk.get_by_label(label, exact=True).fill("明治34年1月1日")
            desk.get_by_role("button", name="この内容で答える").click()
        else:
            desk.get_by_role("button", name="読めない").click()
    assert judged == 1 and {"患者氏名", "生年月日"} <= looked, looked
    kit.accessible(desk)
    kit.picture(desk, "sample-correct")
    desk.get_by_role("button", name="直して、部屋に知らせる").click()
    expect(desk.get_by_text("検査は終わりました")).to_be_visible()
    desk.goto(sample.replace("/samples/", "/documents/"))
    expect(desk.get_by_text("訂正済み")).to_be_visible()
    expect(desk.get_by_text("1901年1月1日").first).to_be_visible()

    chief = kit.enter("admin", "/admin/samples")
    expect(chief.get_by_role("row", name="生年月日").first).to_contain_text("100.0 %")
    kit.accessible(chief)
    kit.light(chief)
    kit.picture(chief, "sample-rates", whole=True)
    chief.get_by_role("link", name="活用状況").click()
    chief.wait_for_url("**/statistics")
    expect(chief.get_by_role("img", name="発信元別の用紙数")).to_be_visible()
    expect(chief.get_by_role("row", name="届いた用紙").first).to_contain_text("3")
    assert "片桐" not in chief.content()
    kit.accessible(chief)
    kit.light(chief)
    kit.picture(chief, "statistics", whole=True)
    with chief.expect_download() as file:
        chief.get_by_role("link", name="CSV 発信元別").click()
    text = open(file.value.path(), "rb").read()
    assert text.startswith(b"\xef\xbb\xbf") and "用紙".encode() in text, text
    chief.get_by_role("link", name="発信元ごとの記載もれ").click()
    chief.wait_for_url("**/statistics/gaps*")
    kit.accessible(chief)
    kit.picture(chief, "figures-gaps")

    small = kit.enter("admin", "/statistics", phone=True)
    kit.fits(small)
    kit.accessible(small)
    kit.picture(small, "statistics-phone")
    dark = kit.enter("rules", "/statistics", dark=True)
    kit.accessible(dark)
    kit.picture(dark, "statistics-dark")
    plain = kit.enter("rules", "/statistics", script=False)
    expect(plain.get_by_role("row", name="届いた用紙").first).to_contain_text("3")
    with plain.expect_download() as file:
        plain.get_by_role("link", name="月報（PDF）").click()
    assert open(file.value.path(), "rb").read().startswith(b"%PDF-")
