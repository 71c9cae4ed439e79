#!/usr/bin/env python3
"""Rewrites samples/again: one fictional summary of three pages, sent several times (docs/versions.md).

first.tif and again.tif are the same first page with other noise; date.tif has another day of discharge; page-1.tif to page-3.tif are the
three pages one by one, whole.tif all of them in one fax."""
import os
import random
import tempfile

import channel
import render
import writers

HERE = os.path.dirname(os.path.abspath(__file__))
STYLE = "font:12pt 'IPAexGothic';line-height:1.9"
HEAD = """<h1>退院時サマリー</h1><div class=rt>作成日　令和8年11月20日</div><div>ひなた内科クリニック　御中</div>
<div class=rt2>みどり台総合病院　内科<br>TEL 04-7110-5100　FAX 04-7110-5101</div>"""
WHO = """<table class=g style="margin-top:1em"><tr><th>フリガナ</th><td>エグチ　タツオ</td><th>性別</th><td>男</td></tr>
<tr><th>患者氏名</th><td>江口　辰雄</td><th>生年月日</th><td>昭和16年11月3日</td></tr>"""
FIRST = HEAD + WHO + """<tr><th>入院日</th><td>令和8年10月5日</td><th>退院日</th><td>令和8年11月{day}日</td></tr></table>
<p>傷病名　脳梗塞</p><p>経過　右片麻痺で入院しました。リハビリテーションにより杖で歩けるようになりました。食事は自分で召し上がれます。</p>
<p>次のページに続きます。　{page}</p>"""
SECOND = "<h1>退院時サマリー（続き）</h1>" + WHO + """</table><p>看護の経過　夜間の不眠はなく、転倒もありませんでした。入浴は見守りで行っています。ご家族が週に三回来院され、介助の方法を練習されました。</p>
<p>次のページに続きます。　2/3</p>"""
THIRD = "<h1>退院時サマリー（続き）</h1>" + WHO + """</table><p>退院後について　手すりの取り付けが済みました。ご不明の点は地域連携室までお問い合わせください。</p><p>以上　3/3</p>"""


def main():
    bodies = [FIRST.format(day=28, page="1/3"), FIRST.format(day=29, page="1/3"), SECOND, THIRD]
    work = tempfile.mkdtemp(prefix="again")
    pages = [f"<div class=page style=\"{STYLE}\">{b}</div>" for b in bodies]
    pdf, _, _ = render.to_pdf(pages, work + "/p", check=False)
    first, date, second, third = render.rasters(pdf, work + "/r", 1, len(pages))
    plan = {"first": [first], "again": [first], "date": [date], "page-1": [first], "page-2": [second], "page-3": [third], "whole": [first, second, third]}
    folder = os.path.join(HERE, "../again")
    os.makedirs(folder, exist_ok=True)
    machine = {}
    for name, images in plan.items():
        rng = random.Random(f"again:{name}")
        top = lambda n: f"2026-11-{20 + len(name) % 5} 10:{10 + len(name)}  みどり台総合病院  04-7110-5101  P.{n}/{len(images)}"
        rows = [channel.fax(p, rng, True, "clean", top(i + 1), machine=machine)[0] for i, p in enumerate(images)]
        with open(os.path.join(folder, name + ".tif"), "wb") as f:
            f.write(writers.tiff(rows, (204, 196), "g4"))


if __name__ == "__main__":
    main()
