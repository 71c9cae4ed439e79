"""HTML pages → grey images: one headless Chromium run for many pages, then pdftoppm. Pages too full are set smaller until they fit.

Also tells where each printed character stands (`text`), for measuring the recogniser: never part of a fax or its truth."""
import html as markup
import json
import os
import re
import subprocess

from forms import CSS as FORMS

CSS = """
@page{size:210mm 297mm;margin:0}*{box-sizing:border-box}body{margin:0;color:#000}
.page{width:210mm;height:296.9mm;overflow:hidden;page-break-after:always;padding:17mm 16mm 10mm;line-height:1.5}
.page.m1{padding:22mm 22mm 12mm}.page.m2{padding:13mm 12mm 8mm 20mm}
.sm{line-height:1.35}.in>*{margin-top:.45em;margin-bottom:0}
h1{font-size:1.6em;text-align:center;margin:.1em 0 .5em;font-weight:bold}h2{font-size:1em;margin:.6em 0 .15em;font-weight:bold}
p{margin:.4em 0 0}.rt{text-align:right}.rt2{margin-left:45%}.ct{text-align:center}.ki{text-align:center;margin:.7em 0}.lead{text-indent:1em}
.inst{font-size:1.15em}.pg{text-align:center}.hdr{text-align:right;font-size:.9em}
table{border-collapse:collapse;width:100%;font-size:1em}
.g td,.g th{border:.25mm solid #000;padding:.12em .45em;text-align:left;vertical-align:top;font-weight:normal}
.g th{white-space:nowrap;width:1%}.sh .g th{background:#dcdcdc}.ctr .g th{text-align:center;vertical-align:middle}.vm .g td{vertical-align:middle}
.f4 th{width:15%;white-space:normal!important}.f4 td{width:35%}.xl td,.xl th{border:.12mm solid #555!important;padding:0 .2em!important}.hair .g td,.hair .g th{border-width:.1mm}.thick .g{border:.6mm solid #000}
.half td{width:50%}.sr th{width:17%}.tr th{width:100%}.ord .vt{writing-mode:vertical-rl;text-align:center;width:1.8em}.t td,.t th{border:.15mm solid #000;padding:.05em .4em;font-weight:normal;text-align:left}.t{width:auto;min-width:60%}.g .t th{width:auto!important;white-space:nowrap}.g .t{margin:.2em 0}.t td{white-space:nowrap}
.ttl td{vertical-align:middle}.big{font-size:1.5em;text-align:center!important}.ct{text-align:center!important}
.lt{display:flex;flex-wrap:wrap;border-top:.25mm solid #000;border-left:.25mm solid #000}.lt>div{width:50%;border-right:.25mm solid #000;border-bottom:.25mm solid #000;padding:.1em .4em}.lt>.w{width:100%}.lt small{font-size:.72em;display:block}.lt p{margin:0;padding-left:.6em}
.pl>div{margin:.1em 0}.un{display:flex;flex-wrap:wrap}.un>div{width:50%;padding:.15em .5em .15em 0;display:flex}.un>.w{width:100%}.un>div>span{margin-right:.8em;flex:none}.un u{text-decoration:none;border-bottom:.2mm solid #000;flex:1;min-height:1.4em}.un u *{text-decoration:none}
.co{display:flex;flex-wrap:wrap}.co>div{width:50%;display:flex;padding:.08em 0}.co>.w{width:100%}.co>div>span:first-child{width:8.5em;flex:none}
.bxd{border:.3mm solid #000;padding:.3em .6em}.iv{white-space:nowrap}.sc .hd{font-weight:bold}.nb .sc .hd{font-weight:normal}.bd{padding-left:1em}.cut{text-align:center;margin:1.5em 0 .5em}
.mk{position:relative;display:inline-block}.mk svg{position:absolute;overflow:visible;fill:none;stroke:#000;pointer-events:none}.mk path{vector-effect:non-scaling-stroke}
.op{white-space:nowrap}.bx{display:inline-block;width:.8em;height:.8em;border:.2mm solid #000;margin-right:.15em;vertical-align:-.05em}.bf{background:#000}
.seal{display:inline-block;position:relative;width:1.6em;height:1em}.seal svg{position:absolute;left:0;top:-.9em;fill:none;stroke:#000;overflow:visible}.seal text{fill:#000;stroke:none}.graysl .seal svg{stroke:#777}.graysl .seal text{fill:#777}
.pen{color:#111;letter-spacing:.02em}.stamp{border:.6mm solid #000;font-weight:bold;font-size:1.4em;padding:.1em .6em;float:right;margin:.2em 1em}
.ad{border:1mm solid #000;font-size:2.1em;font-weight:bold;text-align:center;padding:.4em}.adl2{font-size:1.3em}small{font-size:.8em}
.hg h1,.hg th,.hg .hd,.hg h2{font-family:'IPAexGothic'}.mn h1,.mn h2{font-family:'IPAexMincho'}.inv h2,.inv .hd{background:#000;color:#fff;padding:0 .5em}.dash .g td,.dash .g th{border-style:dashed;border-width:.15mm}.tall .g td,.tall .g th{padding-top:.35em;padding-bottom:.35em}
.hrow .g tr>*{border-left:none;border-right:none}.stick{border:.15mm solid #000;float:right;font-size:.8em;padding:.2em .6em;line-height:1.3;margin:0 0 .4em 1em}.stick+*{clear:none}
.page{position:relative}.foot{position:absolute;left:16mm;right:16mm;bottom:4mm;font-size:7.5pt;display:flex;justify-content:space-between}.logo{position:absolute;left:12mm;top:9mm;font-size:8pt;display:flex;align-items:center;gap:.5em}.logo svg{width:8mm;height:8mm;fill:none;stroke:#000;stroke-width:6}
.loose{line-height:1.75}.tight{line-height:1.25}
"""
FIT = """
document.fonts.ready.then(()=>{document.querySelectorAll('.page').forEach((p,i)=>{let n=p.querySelector('.in');let s=parseFloat(p.style.fontSize);
 let P=p.getBoundingClientRect(),k=0;let els=()=>[...n.querySelectorAll('table,td,th,div,p,u,.op,small')];
 let over=()=>{let b=p.getBoundingClientRect();return n.getBoundingClientRect().bottom>b.bottom-26||els().some(e=>{let q=e.getBoundingClientRect();return q.right>b.right-16||q.bottom>b.bottom-10})};
 while(over()&&s>6.4){s-=.25;p.style.fontSize=s+'pt';k++}
 p.dataset.fit=s;p.dataset.over=over()?1:0})});
"""
# Runs of characters with their places in millimetres, printed, pen-written, ringed or on a seal apart.
TEXT = """
document.fonts.ready.then(()=>{let mm=v=>Math.round(v*2540/96)/100;
 let out=[...document.querySelectorAll('.page')].map(p=>{let b=p.getBoundingClientRect(),runs=[],w=document.createTreeWalker(p,NodeFilter.SHOW_TEXT),n;
  while(n=w.nextNode()){let e=n.parentElement,s=getComputedStyle(e),k=e.closest('.seal')?'seal':e.closest('.pen')?'pen':e.closest('.mk')?'mark':'print';
   if(s.writingMode!='horizontal-tb')k='upright';if(k=='print'&&s.color=='rgb(255, 255, 255)')k='inverse';
   let r=document.createRange(),run=null,i=0;
   for(let c of n.data){r.setStart(n,i);r.setEnd(n,i+=c.length);if(/\\s/.test(c))continue;
    let q=(k=='seal'?e.closest('svg'):r).getBoundingClientRect();if(!q.width)continue;
    let y=mm(q.top-b.top);
    if(!run||Math.abs(run.y[0]-y)>.3){run={kind:k,font:s.fontFamily.split(',')[0].replace(/['"]/g,''),pt:Math.round(parseFloat(s.fontSize)*7.5)/10,text:'',y:[y,mm(q.bottom-b.top)],x:[]};runs.push(run)}
    run.text+=c;run.x.push([mm(q.left-b.left),mm(q.right-b.left)])}}
  for(let e of p.querySelectorAll('.bx')){let q=e.getBoundingClientRect();runs.push({kind:'mark',font:'',pt:Math.round(q.height*7.5)/10,text:'□',y:[mm(q.top-b.top),mm(q.bottom-b.top)],x:[[mm(q.left-b.left),mm(q.right-b.left)]]})}
  return runs});
 let t=document.createElement('pre');t.id='printed';t.textContent=JSON.stringify(out);document.body.append(t)});
"""
CHROME = ["nice", "/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--virtual-time-budget=8000", "--run-all-compositor-stages-before-draw"]


def write_html(path, pages, more=""):
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"<!doctype html><html lang=ja><meta charset=utf-8><style>{CSS}{FORMS}</style><body>{''.join(pages)}<script>{FIT}{more}</script></body></html>")


def to_pdf(pages, base, check=True):
    """Prints the pages; returns (path of the PDF, font sizes, indices of pages that did not fit)."""
    html = os.path.abspath(base + ".html")
    write_html(html, pages)
    env = dict(os.environ, HOME="/tmp")
    subprocess.run(CHROME + ["--no-pdf-header-footer", "--print-to-pdf=" + base + ".pdf", "file://" + html], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    with open(base + ".pdf", "rb") as f:  # the same pages give the same bytes
        data = re.sub(rb"\(D:\d{14}", b"(D:20260101000000", f.read())
    with open(base + ".pdf", "wb") as f:
        f.write(data)
    sizes, over = [], []
    if check:
        dom = subprocess.run(CHROME + ["--dump-dom", "file://" + html], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env).stdout.decode()
        m = re.findall(r'data-fit="([\d.]+)" data-over="(\d)"', dom)
        sizes, over = [float(a) for a, _ in m], [i for i, (_, b) in enumerate(m) if b == "1"]
        if len(m) != len(pages):
            raise RuntimeError(f"{len(pages)} pages were written and {len(m)} measured")
    info = subprocess.run(["pdfinfo", base + ".pdf"], check=True, stdout=subprocess.PIPE).stdout.decode()
    n = int(re.search(r"Pages:\s+(\d+)", info).group(1))
    if n != len(pages):
        raise RuntimeError(f"{len(pages)} pages were written and {n} printed")
    return base + ".pdf", sizes, over


def text(pages, base):
    """For each page the runs of characters that stand on it: kind, font, size, text, rows and columns in millimetres."""
    html = os.path.abspath(base + ".text.html")
    write_html(html, pages, TEXT)
    dom = subprocess.run(CHROME + ["--dump-dom", "file://" + html], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ, HOME="/tmp")).stdout.decode()
    return json.loads(markup.unescape(re.search(r'<pre id="printed">(.*?)</pre>', dom, re.S).group(1)))


def rasters(pdf, out, first, last, dpi=300):
    """Pages first…last (1-based) as PGM files; returns their paths in order."""
    os.makedirs(out, exist_ok=True)
    subprocess.run(["nice", "pdftoppm", "-gray", "-r", str(dpi), "-f", str(first), "-l", str(last), pdf, out + "/p"], check=True)
    return sorted(os.path.join(out, x) for x in os.listdir(out) if x.endswith(".pgm"))
