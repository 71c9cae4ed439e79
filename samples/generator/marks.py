"""Ink that a hand leaves: rings, ticks, seals, as inline SVG that grows with the text it lies on."""
import math


def _path(points):
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def ring(rng, html, wide=True):
    """A wobbly ellipse, seldom closed exactly, drawn round `html`."""
    a0, turn = rng.uniform(0, 6.28), rng.uniform(0.97, 1.12)
    w1, w2, ph = rng.uniform(0, 0.05), rng.uniform(0, 0.04), rng.uniform(0, 6.28)
    pts = []
    for i in range(49):
        t = a0 + 2 * math.pi * turn * i / 48
        r = 46 * (1 + w1 * math.sin(2 * t + ph) + w2 * math.sin(3 * t) + 0.03 * i / 48)
        pts.append((50 + r * math.cos(t), 50 + r * math.sin(t)))
    dx, dy = rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)
    px, py = rng.uniform(0.16, 0.34), rng.uniform(0.02, 0.2)
    if len(html) == 1 and html.isascii():  # a narrow digit
        px += 0.12
    rot, width = rng.uniform(-6, 6), rng.choice([1.0, 1.3, 1.6, 2.0, 2.4])
    return (f'<span class=mk>{html}<svg viewBox="0 0 100 100" preserveAspectRatio=none style="left:{dx - px:.2f}em;top:{dy - py:.2f}em;'
            f'width:calc(100% + {2 * px:.2f}em);height:calc(100% + {2 * py:.2f}em);transform:rotate({rot:.1f}deg)">'
            f'<path d="{_path(pts)}" style="stroke-width:{width}px"/></svg></span>')


def tick(rng, html, kind=None):
    """A pen's tick, cross or blot over a box."""
    kind = kind or rng.choice(["check", "check", "check", "re", "x", "blot"])
    j = lambda a: a + rng.uniform(-7, 7)
    if kind == "check":
        d = _path([(j(18), j(48)), (j(42), j(80)), (j(95), j(4))])
    elif kind == "re":
        d = _path([(j(30), j(18)), (j(32), j(84)), (j(92), j(36))])
    elif kind == "x":
        d = _path([(j(12), j(12)), (j(88), j(88))]) + " " + _path([(j(88), j(12)), (j(12), j(88))])
    else:
        d = " ".join(_path([(j(15), j(y)), (j(88), j(y - 8))]) for y in (22, 38, 54, 70, 86))
    return (f'<span class=mk>{html}<svg viewBox="0 0 100 100" preserveAspectRatio=none style="left:{rng.uniform(-.05, .1):.2f}em;top:{rng.uniform(-.05, .15):.2f}em;width:1.05em;height:1.05em">'
            f'<path d="{d}" style="stroke-width:{rng.choice([1.3, 1.7, 2.2])}px"/></svg></span>')


def strike(rng, html):
    """Two pen lines through an option."""
    return (f'<span class=mk>{html}<svg viewBox="0 0 100 100" preserveAspectRatio=none style="left:-.1em;top:0;width:calc(100% + .2em);height:100%">'
            f'<path d="M0 {rng.uniform(38, 46):.0f} L100 {rng.uniform(38, 46):.0f} M0 {rng.uniform(56, 64):.0f} L100 {rng.uniform(56, 64):.0f}" style="stroke-width:1px"/></svg></span>')


def seal(rng, name, over=True):
    """A round seal with a family name, over the end of what stands before it."""
    size = rng.uniform(2.2, 3.0)
    chars = "".join(f'<text x=50 y={50 + (i - (len(name[:3]) - 1) / 2) * 30 + 10:.0f} text-anchor=middle font-size={34 if len(name) < 3 else 26}>{c}</text>' for i, c in enumerate(name[:3]))
    shift = rng.choice([rng.uniform(-1.2, -0.2), rng.uniform(-1.2, -0.2), rng.uniform(-1.9, -1.0)]) if over else 0.3
    return (f'<span class=seal style="margin-left:{shift:.1f}em"><svg viewBox="0 0 100 100" style="width:{size:.1f}em;height:{size:.1f}em;transform:rotate({rng.uniform(-14, 14):.0f}deg)">'
            f'<circle cx=50 cy=50 r=45 style="stroke-width:{rng.choice([3, 4, 5])}"/>{chars}</svg></span>')


def pen(rng, font, text, scale=1.08):
    """Text as if written by pen: a handwriting font, each character a little off."""
    out = []
    for c in text:
        if c in " 　":
            out.append(c)
            continue
        out.append(f'<span style="display:inline-block;transform:translate({rng.uniform(-.03, .03):.2f}em,{rng.uniform(-.06, .06):.2f}em) rotate({rng.uniform(-4, 4):.1f}deg) scale({rng.uniform(.94, 1.07):.2f})">{esc(c)}</span>')
    return f'<span class=pen style="font-family:\'{font}\';font-size:{scale:.2f}em">{"".join(out)}</span>'


def esc(s):
    return s.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
