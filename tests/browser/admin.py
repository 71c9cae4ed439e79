"""Administration: registers that show what they change, a source that is tested, the log of one patient."""

import csv
import io
import pathlib

from kit import expect


def run(kit):
    chief = kit.enter("admin", "/admin/registers")
    kit.accessible(chief)
    kit.picture(chief, "registers")
    # One patient more, one renamed, one gone: shown, and nothing done yet.
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(kit.given["patients"]).read_text(encoding="utf-8-sig"))))
    gone = rows.pop()
    rows[0]["phone"] = "04-7100-0000"
    rows.append({**rows[1], "room_id": "R-9001", "name": "新田 たみ", "kana": "ニッタ タミ", "insured_number": "",
                 "insurer_number": ""})
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    book = chief.get_by_role("region", name="患者と部屋")
    book.get_by_label("CSVファイル").set_input_files({"name": "patients.csv", "mimeType": "text/csv", "buffer": out.getvalue().encode()})
    book.get_by_role("button", name="変わるところを見る").click()
    changes = chief.get_by_role("region", name="取り込みの確認")
    for line in ("+ R-9001 新田 たみ", f"- {gone['room_id']}", f"~ {rows[0]['room_id']}"):
        expect(changes).to_contain_text(line)
    kit.accessible(chief)
    kit.picture(chief, "register-changes")
    changes.get_by_role("button", name="このとおり取り込む").click()
    chief.wait_for_url("**/admin/registers")
    # A file that cannot be meant is refused with its line.
    book.get_by_label("CSVファイル").set_input_files({"name": "bad.csv", "mimeType": "text/csv", "buffer": "room_id,name\nR-1\n".encode()})
    book.get_by_role("button", name="変わるところを見る").click()
    expect(chief.get_by_role("alert")).to_contain_text("bad.csv")

    # A source is tested at the push of a button; the answer comes by itself.
    chief.goto(kit.base + "/admin/sources")
    kit.accessible(chief)
    chief.get_by_role("button", name="いまテストする").click()
    chief.wait_for_url("**/admin/sources")
    for _ in range(60):
        if chief.get_by_text("届き、正しく読めました").count():
            break
        chief.wait_for_timeout(500)
        chief.reload()
    expect(chief.get_by_text("届き、正しく読めました")).to_be_visible()
    kit.picture(chief, "sources")

    # Who looked at a patient's sheets.
    nurse = kit.enter("reviewer", "/rooms/R-0008")
    nurse.locator("article h2 a").first.click()
    nurse.wait_for_url("**/documents/*")
    chief.goto(kit.base + "/admin/audit")
    chief.get_by_label("部屋").fill("R-0008")
    chief.get_by_role("button", name="さがす").click()
    table = chief.get_by_role("table")
    for words in ("reviewer@demo.invalid", "部屋を見た", "書類を見た", "部屋に掲載した"):
        expect(table).to_contain_text(words)
    kit.accessible(chief)
    kit.light(chief)
    kit.picture(chief, "audit")
    # Sheets are not theirs to see.
    assert chief.goto(kit.base + "/rooms/R-0008").status == 403
