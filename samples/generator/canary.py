"""Rewrites reader/src/canary/glyphs.png: bitmaps of the characters that a canary's page is made of, as a fax of 204x196 dpi shows them.

reader/src/canary/glyphs.txt names them: the first line those of running text, the second those of the title. In the image one row
of cells each, in that order; a character of ASCII fills the left half of its cell."""
import os

from PIL import Image, ImageDraw, ImageFont

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../reader/src/canary")
FONT, FACE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "Noto Sans Mono CJK JP"
WIDTHS = (34, 60)  # of a full-width character at 204 dpi
FINE, INK = 8, 150  # drawn so many times as large; darker than this is ink


def font(px):
    faces = (ImageFont.truetype(FONT, px, index=n) for n in range(10))
    return next(f for f in faces if f.getname()[0] == FACE)


def row(chars, width):
    height, face = round(width * 196 / 204), font(width * FINE)
    out = Image.new("1", (width * len(chars), height), 1)
    for n, c in enumerate(chars):
        big = Image.new("L", (width * FINE, width * FINE), 255)
        ImageDraw.Draw(big).text((0, width * FINE * 0.88), c, font=face, fill=0, anchor="ls")
        out.paste(big.resize((width, height), Image.BOX).point(lambda v: 255 if v >= INK else 0).convert("1"), (n * width, 0))
    return out


def main():
    with open(f"{HERE}/glyphs.txt", encoding="utf-8") as f:
        rows = [row(line.rstrip("\n"), w) for line, w in zip(f, WIDTHS)]
    all_ = Image.new("1", (max(r.width for r in rows), sum(r.height for r in rows)), 1)
    y = 0
    for r in rows:
        all_.paste(r, (0, y))
        y += r.height
    all_.save(f"{HERE}/glyphs.png", optimize=True)


if __name__ == "__main__":
    main()
