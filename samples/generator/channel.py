"""What a fax machine and a telephone line do to a page. Grey image in, two-level rows (True = black) or a grey scan out."""
import glob

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

TTI_FONTS = [f for f in ("/usr/share/fonts/opentype/ipafont-gothic/ipag.ttf", "/usr/share/fonts/truetype/vlgothic/VL-Gothic-Regular.ttf", "/usr/share/fonts/truetype/takao-gothic/TakaoGothic.ttf") if glob.glob(f)]
BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) * 16 + 8


def warp(im, size, skew, rng, sx=1.0, sy=1.0, dx=0, dy=0):
    """Turns by `skew` degrees about the middle and brings to `size`; x and y scales may differ."""
    import math
    w, h = size
    a = math.radians(skew)
    # output pixel -> input pixel; the angle is meant in millimetres, so work in a square space
    ca, sa = math.cos(a), math.sin(a)
    ux, uy = 210.0 / w, 297.0 / h
    vx, vy = im.width / 210.0, im.height / 297.0
    A, B = ca * ux * vx / sx, -sa * uy * vx / sx
    D, E = sa * ux * vy / sy, ca * uy * vy / sy
    cx, cy = w / 2 + dx, h / 2 + dy
    C = im.width / 2 - A * cx - B * cy
    F = im.height / 2 - D * cx - E * cy
    return im.transform(size, Image.AFFINE, (A, B, C, D, E, F), Image.BICUBIC, fillcolor=255)


def fax(path, rng, fine=True, noise="mild", tti=None, upside=False, halftone=False, super_fine=False, skew=None, machine=None):
    """Returns (rows as a bool array, what was done). `machine` holds what stays from one fax of a machine to the next (its lens, its
    threshold, its feed) and is filled by the first."""
    kept = lambda key, value: value if machine is None else machine.setdefault(key, value)
    nr = np.random.default_rng(rng.randint(0, 2**31))
    im = Image.open(path).convert("L")
    done = {}
    if upside:
        im = im.rotate(180)
    blur = kept("blur", rng.choice([0.6, 0.8, 1.0, 1.2]) * im.width / 2480)
    im = im.filter(ImageFilter.GaussianBlur(blur))
    skew = rng.choice([rng.uniform(-.3, .3), rng.uniform(-.9, .9), rng.uniform(-1.5, 1.5) if noise == "bad" else rng.uniform(-.9, .9)]) if skew is None else skew
    done["skew_deg"] = round(skew, 2)
    rows = 2292 if not super_fine else 4572
    width = 1728 if not super_fine else 3456
    sy = kept("sy", rng.uniform(0.985, 1.015) if noise != "clean" else 1.0)
    g = warp(im, (width, rows), skew, rng, kept("sx", rng.uniform(.985, 1.0)), sy, rng.uniform(-8, 8), rng.uniform(-10, 10))
    a = np.asarray(g, dtype=np.float32)
    if not fine:
        a = a[: rows // 2 * 2].reshape(rows // 2, 2, width)
        a = a.mean(axis=1) if rng.random() < 0.7 else a[:, 0]
    h, w = a.shape
    thr = {"clean": rng.uniform(140, 175), "mild": rng.uniform(125, 185), "bad": rng.choice([rng.uniform(108, 128), rng.uniform(185, 200)]), "faint": rng.uniform(100, 120)}[noise]
    thr = kept("threshold", thr)
    done["threshold"] = round(thr)
    a = a + nr.normal(0, {"clean": 3, "mild": 9, "bad": 14, "faint": 8}[noise], a.shape)
    if halftone:
        b = a < np.tile(BAYER, (h // 4 + 1, w // 4 + 1))[:h, :w]
        b |= a < 70
    else:
        b = a < thr
    yres = 2 if fine else 1
    if noise != "clean":  # specks
        for _ in range(int(rng.choice([20, 60, 150, 300]) * (3 if noise == "bad" else 1))):
            x, y, k = nr.integers(0, w - 4), nr.integers(0, h - 4), nr.integers(1, 4)
            b[y : y + max(1, k * yres // 2), x : x + k] = True
    if noise in ("mild", "bad") and rng.random() < 0.3:  # a dark edge or a scratch on the glass
        x = rng.choice([rng.randint(0, 25), w - rng.randint(6, 30)]) if rng.random() < 0.8 else rng.randint(100, w - 100)
        b[rng.randint(0, 60):, x : x + rng.randint(1, 5 if x < 60 or x > w - 60 else 2)] = True
        done["edge"] = True
    if noise in ("mild", "bad") and rng.random() < 0.12:
        b[h - rng.randint(3, 14):, :] = True
    runs = 0
    if noise in ("mild", "bad") and rng.random() < (0.35 if noise == "mild" else 0.9):  # line faults
        out, y = [], 0
        cuts = sorted(rng.randint(30, h - 30) for _ in range(rng.randint(1, 3 if noise == "mild" else 7)))
        for cut in cuts:
            if cut < y:
                continue
            out.append(b[y:cut])
            n = rng.randint(1, 4 * yres)
            kind = rng.choice(["lost", "repeat", "shift", "white", "stretch"])
            if kind == "lost":
                y = cut + n
            elif kind == "repeat":
                out.append(np.repeat(b[cut - 1 : cut], n, axis=0))
                y = cut + n
            elif kind == "stretch":
                out.append(np.repeat(b[cut - 1 : cut], n, axis=0))
                y = cut
            elif kind == "shift":
                out.append(np.roll(b[cut : cut + n], rng.randint(-300, 300), axis=1))
                y = cut + n
            else:
                out.append(np.zeros((n, w), bool))
                y = cut + n
            runs += 1
        out.append(b[y:])
        b = np.concatenate(out)
    if runs:
        done["simulated_bad_runs"] = runs
    if tti:
        b = put_tti(b, tti, rng, yres)
    return b, done


def put_tti(b, text, rng, yres):
    """The sending machine's line above the page."""
    font = ImageFont.truetype(rng.choice(TTI_FONTS), rng.choice([22, 24, 26]))
    im = Image.new("L", (b.shape[1], 44), 255)
    ImageDraw.Draw(im).text((rng.randint(10, 60), 8), text, font=font, fill=0)
    if yres == 1:
        im = im.resize((im.width, 22), Image.BOX)
    t = np.asarray(im) < 150
    out = b.copy()
    out[: t.shape[0]] = t | (out[: t.shape[0]] if rng.random() < 0.5 else False)
    return out


def scan(path, rng, dpi=200, noise="mild", skew=None):
    """A grey scan of the paper."""
    nr = np.random.default_rng(rng.randint(0, 2**31))
    im = Image.open(path).convert("L").filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.3)))
    skew = rng.uniform(-0.6, 0.6) if skew is None else skew
    w, h = round(210 / 25.4 * dpi), round(297 / 25.4 * dpi)
    g = np.asarray(warp(im, (w, h), skew, rng), dtype=np.float32)
    paper, ink = rng.uniform(225, 250), rng.uniform(20, 70) if noise != "faint" else rng.uniform(90, 130)
    g = ink + g / 255 * (paper - ink)
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    for _ in range(rng.randint(0, 3)):  # shadows
        cx, cy, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(.2, .6) * w
        g -= rng.uniform(5, 25) * np.exp(-((xx - cx) ** 2 + (yy - cy) ** 2) / r**2)
    g += nr.normal(0, rng.uniform(1.5, 5), g.shape)
    return Image.fromarray(np.clip(g, 0, 255).astype(np.uint8)), {"skew_deg": round(skew, 2)}


def tti_text(rng, when, house, page, pages):
    h, m = rng.randint(8, 18), rng.randint(0, 59)
    num = house.fax
    name = house.name[:12]
    return rng.choice([
        f"{when.year}/{when.month:02d}/{when.day:02d} {h:02d}:{m:02d}   {num}   {name}   #{rng.randint(100, 9999):04d}   P.{page:03d}/{pages:03d}",
        f"{when.year}年{when.month:02d}月{when.day:02d}日 {h:02d}時{m:02d}分  {name}  {num}  NO.{rng.randint(100, 9999)}  P. {page}/{pages}",
        f"{'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split()[when.month - 1]}-{when.day:02d}-{when.year} {h:02d}:{m:02d}  From:{num.replace('-', '')}  Page:{page}/{pages}",
        f"FROM:{name}  FAX NO.:{num}  {when.year}-{when.month:02d}-{when.day:02d} {h:02d}:{m:02d}  P{page}/{pages}",
        f"{when.month}/{when.day} {h}:{m:02d}  {num}  {page}/{pages}"])
