"""Containers: TIFF (G3 1D/2D, G4, both fill orders, strips), PDF with CCITT or JPEG images, JPEG, PNG, mails of fax gateways, zip."""
import base64
import io
import os
import struct
import subprocess
import tempfile
import zipfile
from email.header import Header

import numpy as np
from PIL import Image


def plain_tiff(b, xdpi, ydpi):
    """A bilevel page as an uncompressed TIFF, black = 1 (WhiteIsZero), as fax software writes."""
    h, w = b.shape
    data = np.packbits(b, axis=1).tobytes()
    tags = [(256, 4, w), (257, 4, h), (258, 3, 1), (259, 3, 1), (262, 3, 0), (273, 4, 0), (277, 3, 1), (278, 4, h), (279, 4, len(data)), (282, 5, xdpi), (283, 5, ydpi), (296, 3, 2)]
    n = len(tags)
    off = 8 + 2 + 12 * n + 4
    extra, body = b"", b""
    for tag, typ, val in tags:
        if tag == 273:
            val = off + 16
        if typ == 5:
            body += struct.pack("<HHII", tag, 5, 1, off + len(extra))
            extra += struct.pack("<II", val, 1)
        else:
            body += struct.pack("<HHI", tag, typ, 1) + (struct.pack("<HH", val, 0) if typ == 3 else struct.pack("<I", val))
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", n) + body + struct.pack("<I", 0) + extra + data


def tiff(pages, dpi, compression="g4", lsb=False, strip=10000):
    """pages: bool arrays. compression: g4, g3:1d, g3:2d (each with :fill as tiffcp knows it)."""
    with tempfile.TemporaryDirectory() as d:
        names = []
        for i, b in enumerate(pages):
            p = os.path.join(d, f"{i:03d}.tif")
            with open(p, "wb") as f:
                f.write(plain_tiff(b, *dpi))
            names.append(p)
        out = os.path.join(d, "o.tif")
        subprocess.run(["tiffcp", "-c", compression, "-f", "lsb2msb" if lsb else "msb2lsb", "-r", str(strip)] + names + [out], check=True, stderr=subprocess.DEVNULL)
        with open(out, "rb") as f:
            return f.read()


def g4_bytes(b):
    """The bare T.6 stream of one page."""
    t = tiff([b], (204, 196), "g4", strip=100000)
    im = Image.open(io.BytesIO(t))
    off, n = im.tag_v2[273][0], im.tag_v2[279][0]
    return t[off : off + n]


def pdf(images):
    """images: ('ccitt', bool array, (xdpi, ydpi)) or ('jpeg', bytes, w, h, dpi, gray)"""
    objs = []
    add = lambda s: objs.append(s) or len(objs)
    cat, pages = add(b""), add(b"")
    kids = []
    for im in images:
        if im[0] == "ccitt":
            _, b, (dx, dy) = im
            h, w = b.shape
            data, ww, hh = g4_bytes(b), w / dx * 72, h / dy * 72
            x = add(f"<</Type/XObject/Subtype/Image/Width {w}/Height {h}/BitsPerComponent 1/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {w}/Rows {h}>>/Length {len(data)}>>stream\n".encode() + data + b"\nendstream")
        else:
            _, data, w, h, dpi = im
            ww, hh = w / dpi * 72, h / dpi * 72
            x = add(f"<</Type/XObject/Subtype/Image/Width {w}/Height {h}/BitsPerComponent 8/ColorSpace/DeviceGray/Filter/DCTDecode/Length {len(data)}>>stream\n".encode() + data + b"\nendstream")
        s = f"q {ww:.2f} 0 0 {hh:.2f} 0 0 cm /I Do Q".encode()
        c = add(f"<</Length {len(s)}>>stream\n".encode() + s + b"\nendstream")
        kids.append(add(f"<</Type/Page/Parent {pages} 0 R/MediaBox[0 0 {ww:.2f} {hh:.2f}]/Resources<</XObject<</I {x} 0 R>>>>/Contents {c} 0 R>>".encode()))
    objs[cat - 1] = f"<</Type/Catalog/Pages {pages} 0 R>>".encode()
    objs[pages - 1] = f"<</Type/Pages/Count {len(kids)}/Kids[{' '.join(f'{k} 0 R' for k in kids)}]>>".encode()
    out, offs = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for i, o in enumerate(objs):
        offs.append(len(out))
        out += f"{i + 1} 0 obj\n".encode() + o + b"\nendobj\n"
    xref = len(out)
    out += f"xref\n0 {len(objs) + 1}\n0000000000 65535 f \n".encode() + b"".join(f"{o:010d} 00000 n \n".encode() for o in offs)
    return out + f"trailer<</Size {len(objs) + 1}/Root {cat} 0 R>>\nstartxref\n{xref}\n%%EOF\n".encode()


def jpeg(im, quality, dpi):
    f = io.BytesIO()
    im.save(f, "JPEG", quality=quality, dpi=(dpi, dpi))
    return f.getvalue()


def png(im, dpi):
    f = io.BytesIO()
    im.save(f, "PNG", dpi=(dpi, dpi), optimize=True)
    return f.getvalue()


def zipped(name, data, sub=""):
    f = io.BytesIO()
    with zipfile.ZipFile(f, "w", zipfile.ZIP_DEFLATED) as z:
        info = zipfile.ZipInfo(sub + name, (2026, 1, 2, 3, 4, 6))
        info.compress_type = zipfile.ZIP_DEFLATED
        z.writestr(info, data)
    return f.getvalue()


def _b64(data):
    return "\r\n".join(base64.b64encode(data).decode()[i : i + 76] for i in range(0, len(base64.b64encode(data)), 76))


def mail(kind, rng, house, when, attachments, extra=""):
    """A gateway's mail. kind: jis, utf8, mplus (X-MPlus headers, octet-stream), efax, ricoh, fuji, hylafax, nodisp, bare.
    attachments: [(name, mime, bytes)]"""
    stamp = f"{when.year}{when.month:02d}{when.day:02d}{rng.randint(80000, 185959):06d}"
    num = house.fax
    cs = "utf-8" if kind in ("utf8", "efax", "hylafax") else "iso-2022-jp"
    enc = lambda s: Header(s, cs).encode().replace("\n", "\r\n")
    subject = {"jis": f"【FAX受信】{num} {len(attachments)}枚", "utf8": f"【FAX受信】{num} 1枚", "mplus": f"FAX受信通知 発信元：{num}", "efax": f"eFax from {house.name} - 1 page(s), Caller-ID: {num.replace('-', '')}", "ricoh": f"From {num} (Fax Message No.{rng.randint(1000, 9999)})",
               "fuji": "スキャンデータ（ファクス受信）", "hylafax": f'Fax received from "{num}"', "nodisp": "FAX受信のお知らせ", "bare": f"{num} からのFAX"}[kind]
    head = ["Received: from gw.example.jp (gw.example.jp [192.0.2.10])\r\n\tby mx.example.jp; " + when.strftime("%a, %d %b %Y 05:12:00 -0000"), f"From: {enc('FAXゲートウェイ')} <fax@gw.example.jp>", "To: fax-in@example.jp", f"Subject: {enc(subject)}", "Date: " + when.strftime("%a, %d %b %Y 14:12:00 +0900"),
            f"Message-ID: <{stamp}.{rng.randint(1000, 9999)}@gw.example.jp>", "MIME-Version: 1.0"]
    if kind == "mplus":
        head += [f"X-MPlus-CallerTelNo: {num.replace('-', '')}", f"X-MPlus-MsgNo: {rng.randint(100000, 999999)}"]
    bd = f"----=_Part_{rng.randint(10**8, 10**9)}"
    text = f"FAXを受信しました。\r\n\r\n受信日時：{when.year}年{when.month}月{when.day}日\r\n発信元番号：{num}\r\n{extra}"
    parts = []
    if kind == "bare" and len(attachments) == 1:  # the attachment is the whole mail
        n, mime, data = attachments[0]
        return ("\r\n".join(head + [f'Content-Type: {mime}; name="{n}"', "Content-Transfer-Encoding: base64"]) + "\r\n\r\n" + _b64(data) + "\r\n").encode("ascii")
    if cs == "iso-2022-jp":
        parts.append(b"Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit\r\n\r\n" + text.replace("①", "1").encode("iso-2022-jp", "replace"))
    else:
        parts.append(("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + _b64(text.encode())).encode())
    for n, mime, data in attachments:
        mime = "application/octet-stream" if kind in ("mplus", "fuji") else mime
        h = f"Content-Type: {mime}; name=\"{enc(n)}\"\r\nContent-Transfer-Encoding: base64\r\n"
        if kind not in ("mplus", "nodisp"):
            h += f'Content-Disposition: attachment; filename="{enc(n)}"\r\n'
        parts.append((h + "\r\n" + _b64(data)).encode("ascii"))
    body = b"".join(b"--" + bd.encode() + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + bd.encode() + b"--\r\n"
    return "\r\n".join(head + [f'Content-Type: multipart/mixed; boundary="{bd}"', "", ""]).encode("ascii") + body
