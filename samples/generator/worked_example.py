"""The fax of docs/rules.md, "a worked example": a fictional hospital whose form names things as nobody else does, or not at all.
Rewrites samples/worked-example/strange-form.tif."""
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


def main():
    work = tempfile.mkdtemp(prefix="worked")
    pdf, _, _ = render.to_pdf([PAGE.replace("section", "div")], work + "/p", check=False)
    page = render.rasters(pdf, work + "/r", 1, 1)[0]
    bits, _ = channel.fax(page, random.Random("worked example"), True, "clean", None)[:2]
    with open(os.path.join(HERE, "../worked-example/strange-form.tif"), "wb") as f:
        f.write(writers.tiff([bits], (204, 196), "g4"))


if __name__ == "__main__":
    main()
