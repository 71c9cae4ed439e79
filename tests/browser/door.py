"""The first set-up, an invitation, passkeys, password and code, and a recovery by two administrators."""

import base64
import hashlib
import hmac
import re
import struct
import time

from kit import expect


def totp(secret, at=None):
    """RFC 6238, as an authenticator app does it."""
    key = base64.b32decode(secret.replace(" ", ""))
    digest = hmac.new(key, struct.pack(">Q", int((at or time.time()) // 30)), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def next_code(secret, used):
    """A step of time is good for one use: the step after this one is taken as well (one step of tolerance)."""
    for ahead in (0, 30):
        code = totp(secret, time.time() + ahead)
        if code != used:
            return code


def run(kit):
    base, code = kit.base, kit.given["code"]
    chief = kit.person()
    chief.goto(base + "/")
    chief.wait_for_url("**/setup")
    kit.accessible(chief)
    kit.picture(chief, "setup")
    chief.get_by_label("コード").fill("aaaa-bbbb-cccc-dddd")
    chief.get_by_label("お名前").fill("管理 一郎")
    chief.get_by_label("メールアドレス").fill("chief@example.jp")
    chief.get_by_role("button", name="次へ").click()
    expect(chief.get_by_role("alert")).to_contain_text("コードが違う")
    chief.get_by_label("コード").fill(code)
    chief.get_by_role("button", name="次へ").click()
    chief.wait_for_url("**/enrol/*")
    kit.accessible(chief)
    kit.picture(chief, "enrol")
    kit.passkey(chief)
    chief.get_by_role("button", name="この端末を登録する").click()
    chief.wait_for_url("**/account*")
    expect(chief.get_by_role("status")).to_contain_text("登録できました")
    kit.accessible(chief)
    kit.picture(chief, "account")

    # Out and in again with the passkey.
    chief.get_by_role("button", name="サインアウト").click()
    chief.wait_for_url("**/login")
    kit.accessible(chief)
    kit.picture(chief, "login")
    chief.get_by_role("button", name="パスキーで入る").click()
    chief.wait_for_url(base + "/")

    # Once more who one is, before one changes how one signs in.
    chief.goto(base + "/account/prove?next=/account/password")
    kit.accessible(chief)
    chief.get_by_role("button", name="パスキーで確認する").click()
    chief.wait_for_url(lambda u: "prove" not in u)
    kit.accessible(chief)
    expect(chief.get_by_role("img", name="認証アプリで読み込むQRコード")).to_be_visible()

    # Two more people are invited: another administrator and a nurse.
    for name, mail, role in (("管理 二郎", "second@example.jp", "システム管理"), ("訪問 花", "nurse@example.jp", "閲覧")):
        chief.goto(base + "/admin/accounts")
        chief.get_by_label("メールアドレス", exact=True).fill(mail)
        chief.get_by_label("お名前").fill(name)
        for box in chief.get_by_role("checkbox").all():
            box.uncheck()
        chief.get_by_role("checkbox", name=re.compile(role)).check()
        chief.get_by_role("button", name="招待を送る").click()
        chief.wait_for_url("**/admin/accounts/*-*")
        expect(chief.get_by_text("招待中")).to_be_visible()
    kit.accessible(chief)
    chief.goto(base + "/admin/accounts")
    kit.accessible(chief)
    kit.light(chief)
    kit.picture(chief, "accounts")

    # The nurse's device has no passkeys: password and code, without any script.
    nurse = kit.person(script=False, phone=True)
    nurse.goto(kit.mail_link("nurse@example.jp"))
    nurse.get_by_text("パスキーを使えない端末のとき").click()
    secret = nurse.locator("code").inner_text()
    password = "かもめが12わとんでいる"
    first = totp(secret)
    nurse.get_by_label("2. アプリに出ている6桁").fill(first)
    nurse.get_by_label("3. 新しいパスワード").fill(password)
    nurse.get_by_label("もう一度").fill(password)
    nurse.get_by_role("button", name="パスワードを登録する").click()
    nurse.wait_for_url("**/account*")
    kit.picture(nurse, "account-phone")
    nurse.get_by_role("button", name="サインアウト").click()
    # The code that was used is good no more; the next one is.
    for given, enters in ((first, False), (next_code(secret, first), True)):
        nurse.goto(base + "/login")
        nurse.get_by_label("メールアドレス").fill("Nurse@example.jp")
        nurse.get_by_label("パスワード", exact=True).fill(password)
        nurse.get_by_label("確認コード").fill(given)
        nurse.get_by_role("button", name="入る", exact=True).click()
        if enters:
            nurse.wait_for_url(base + "/")
        else:
            expect(nurse.get_by_role("alert")).to_be_visible()
    expect(nurse.get_by_role("link", name="管理", exact=True)).to_have_count(0)

    # The nurse loses the phone: the chief asks, cannot agree, the second administrator does.
    second = kit.person()
    kit.passkey(second)
    second.goto(kit.mail_link("second@example.jp"))
    second.get_by_role("button", name="この端末を登録する").click()
    second.wait_for_url("**/account*")
    chief.goto(base + "/admin/accounts")
    chief.get_by_role("link", name="訪問 花").click()
    chief.get_by_role("button", name="再設定を依頼する").click()
    chief.wait_for_url("**/admin/accounts")
    expect(chief.get_by_role("button", name="承認する")).to_have_count(0)
    second.goto(base + "/admin/accounts")
    kit.accessible(second)
    kit.picture(second, "recovery")
    second.get_by_role("button", name="承認する").click()
    again = kit.person(phone=True)
    kit.passkey(again)
    again.goto(kit.mail_link("nurse@example.jp", "再設定"))
    again.get_by_role("button", name="この端末を登録する").click()
    again.wait_for_url("**/account*")
    nurse.goto(base + "/account")
    nurse.wait_for_url(lambda u: "/login" in u)  # what was signed in before is so no more

    # English, chosen once, is kept.
    again.get_by_label("表示する言語").select_option("en")
    again.get_by_role("button", name="変える").click()
    expect(again.get_by_role("heading", name="Ways to sign in")).to_be_visible()
    kit.accessible(again)

    # Who guesses is slowed down.
    thief = kit.person()
    thief.goto(base + "/login")
    for n in range(7):
        thief.get_by_label("メールアドレス").fill("chief@example.jp")
        thief.get_by_label("パスワード", exact=True).fill("guess")
        thief.get_by_label("確認コード").fill("000000")
        thief.get_by_role("button", name="入る", exact=True).click()
        if thief.get_by_text("しばらくお待ちください").count():
            break
    assert n == 5, f"slowed down after {n} guesses"
