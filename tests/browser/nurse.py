"""A nurse with a phone: invited, told by mail that a sheet came, signs in with a passkey, reads it, sees the original, answers."""

from kit import expect


def run(kit):
    # The administrator of the demo invites a nurse who shares the office's mailbox.
    chief = kit.enter("admin", "/admin/accounts")
    chief.get_by_label("メールアドレス", exact=True).fill("hana@example.jp")
    chief.get_by_label("お名前").fill("訪問 花")
    chief.get_by_label("部屋のメンバーとしてのアドレス").fill(kit.given["mailbox"])
    chief.get_by_role("button", name="招待を送る").click()
    chief.wait_for_url("**/admin/accounts/*-*")

    phone = kit.person(phone=True)
    kit.passkey(phone)
    phone.goto(kit.mail_link("hana@example.jp"))
    kit.picture(phone, "enrol-phone")
    phone.get_by_role("button", name="この端末を登録する").click()
    phone.wait_for_url("**/account*")
    phone.get_by_role("button", name="サインアウト").click()
    phone.wait_for_url("**/login*")

    # The notice says enough to act and nothing of the patient; its link leads through the door to the sheet.
    link, text = kit.notice(kit.given["mailbox"], "退院時サマリー")
    for secret in kit.given["secrets"]:
        assert secret not in text, secret
    phone.goto(link)
    phone.wait_for_url(lambda u: "/login" in u)
    kit.accessible(phone)
    kit.fits(phone)
    kit.picture(phone, "login-phone")
    phone.get_by_role("button", name="パスキーで入る").click()
    phone.wait_for_url(link)
    kit.accessible(phone)
    kit.fits(phone)
    kit.picture(phone, "notice-sheet-phone")

    # The original is one tap away.
    phone.get_by_role("link", name="原本へ").click()
    expect(phone.get_by_role("img", name="原本 1 ページ").or_(phone.get_by_role("img", name="原本 2 ページ")).first).to_be_in_viewport()
    kit.picture(phone, "original-phone")

    # An answer in the thread; who has read it is told by person, though the office shares a mailbox.
    phone.get_by_label("部屋のメンバーに返信する").fill("退院日に初回訪問します。")
    phone.get_by_role("button", name="返信する").click()
    phone.wait_for_url("**#thread")
    expect(phone.get_by_text("退院日に初回訪問します。")).to_be_visible()
    kit.accessible(phone)
    desk = kit.enter("reviewer", link[len(kit.base):])
    expect(desk.get_by_text("訪問 花").first).to_be_visible()
    expect(desk.get_by_text("退院日に初回訪問します。")).to_be_visible()

    # What is not theirs is not there: no review list, no other room.
    assert phone.goto(kit.base + "/review").status == 403
    assert phone.goto(kit.base + "/rooms/" + kit.given["foreign"]).status == 404
