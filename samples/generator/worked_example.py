"""The faxes of docs/rules.md and docs/rules-reference.md: fictional hospitals whose forms name things as nobody else does, or not at all.
Rewrites samples/worked-example/*.tif."""
import os
import random
import tempfile

import channel
import render
import writers

HERE = os.path.dirname(os.path.abspath(__file__))
PAGE = """<section class=page style="font:11pt 'VL PGothic';line-height:1.9">
<h1>退院時サマリー</h1>
<div class=rt>令和8年7月14日</div>
<div>東柏わかば病院　御中</div>
<div class=rt2>うみべの丘ものがたり病院<br>FAX 04-7100-1234</div>
<table class=g style="margin-top:1em">
<tr><th>わたし</th><td>海老原　光男</td></tr>
<tr><th>うまれた日</th><td>昭和8年2月15日</td></tr>
<tr><th>きた日・かえる日</th><td>令和8年6月8日　／　令和8年7月13日</td></tr>
</table>
<p style="margin-top:2em">家族の協力が得られ、歩行器で病棟内を移動できるようになりました。</p>
<p style="margin-top:24em;margin-left:50%">七海　一郎</p>
</section>"""


# Two sheets of one form: the birth date stands at the foot without a word, its parts far from each other.
NEW = """<section class=page style="font:11pt 'VL PGothic';line-height:1.9">
<h1>退院時サマリー</h1>
<div class=rt>令和8年{day}</div>
<div>東柏わかば病院　御中</div>
<div class=rt2>はまなす海浜病院<br>TEL 04-7100-5560　FAX 04-7100-5561</div>
<table class=g style="margin-top:1em">
<tr><th>フリガナ</th><td>{kana}</td></tr>
<tr><th>患者氏名</th><td>{name}　様</td></tr>
<tr><th>入院日</th><td>令和8年{came}</td></tr>
<tr><th>退院日</th><td>令和8年{left}</td></tr>
<tr><th>傷病名</th><td>{ill}</td></tr>
<tr><th>入院経過</th><td>{course}</td></tr>
</table>
<p style="margin-top:18em;margin-left:25%;word-spacing:3.2em">{born}</p>
</section>"""
SHEETS = {
    "new-hospital-1": dict(day="7月14日", kana="ナルシマ　セツコ", name="成嶋　節子", came="6月8日", left="7月13日", born="昭和 13 年 5 月 17 日", ill="大腿骨頚部骨折",
                           course="歩行器で病棟内を移動できるようになり、ご家族の協力も得られています。"),
    "new-hospital-2": dict(day="8月3日", kana="カタギリ　スミエ", name="片桐　澄江", came="6月29日", left="8月1日", born="昭和 19 年 1 月 30 日", ill="誤嚥性肺炎",
                           course="食事はやわらかいものを自分で召し上がり、夜間もよく眠れています。"),
}


# Four sheets of a hospital that has its own word for the day of discharge alone.
HOME = """<div class=page style="font:11pt 'VL PGothic';line-height:1.9">
<h1>退院時サマリー</h1>
<div class=rt>令和8年7月{sent}日</div>
<div>東柏わかば病院　御中</div>
<div class=rt2>みどり台総合病院<br>TEL 04-7110-5100　FAX 04-7110-5101</div>
<table class=g style="margin-top:1em">
<tr><th>患者氏名</th><td>{name}　様</td></tr>
<tr><th>フリガナ</th><td>{kana}</td></tr>
<tr><th>生年月日</th><td>{birth}</td></tr>
<tr><th>性別</th><td>{sex}</td></tr>
<tr><th>入院日</th><td>令和8年6月{came}日</td></tr>
<tr><th>おうちへ</th><td>令和8年7月{home}日</td></tr>
<tr><th>傷病名</th><td>{ill}</td></tr>
<tr><th>入院経過</th><td>{course}</td></tr>
</table>
</div>"""
PEOPLE = [
    dict(name="成嶋　節子", kana="ナルシマ　セツコ", birth="昭和13年5月17日", sex="女", sent=6, home=13, came=2, ill="肺炎", course="肺炎は治り、歩行器で病棟内を移動できます。"),
    dict(name="江口　辰雄", kana="エグチ　タツオ", birth="昭和16年11月3日", sex="男", sent=8, home=17, came=9, ill="高血圧症", course="血圧は落ち着き、食事も全量とれています。"),
    dict(name="成嶋　節子", kana="ナルシマ　セツコ", birth="昭和13年5月17日", sex="女", sent=21, home=28, came=15, ill="脱水症", course="脱水は改善し、リハビリを続けています。"),
    dict(name="江口　辰雄", kana="エグチ　タツオ", birth="昭和16年11月3日", sex="男", sent=22, home=30, came=18, ill="心不全", course="むくみは引き、体重も戻りました。"),
]


def fax(page, name, seed):
    work = tempfile.mkdtemp(prefix="worked")
    pdf, _, _ = render.to_pdf([page.replace("section", "div")], work + "/p", check=False)
    bits, _ = channel.fax(render.rasters(pdf, work + "/r", 1, 1)[0], random.Random(seed), True, "clean", None)[:2]
    with open(os.path.join(HERE, f"../worked-example/{name}.tif"), "wb") as f:
        f.write(writers.tiff([bits], (204, 196), "g4"))


def main():
    fax(PAGE, "strange-form", "worked example")
    for name, words in SHEETS.items():
        fax(NEW.format(**words), name, name)
    for n, person in enumerate(PEOPLE, 1):
        fax(HOME.format(**person), f"home-{n}", f"home {n}")


if __name__ == "__main__":
    main()
