"""Is what the truth says on the page? Compares each value that stands there as text with the text of the document's pages; it cannot judge
dates, marks and other values that the truth holds in another form."""
import html
import re
import unicodedata

FORM = ("adl.", "care.level", "patient.sex", "urgency")


def norm(text):
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    return "".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in text)


def absent(pages, fields):
    """Keys of `fields` whose value, or any of its alternatives, is on none of the HTML pages."""
    text = norm(html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<svg.*?</svg>", "", "".join(pages)))))
    digits = re.sub(r"\D", "", text)
    for key, f in fields.items():
        if key.startswith(FORM) or key.endswith(("_date", ".date", ".datetime")) or key == "clinical.procedures":  # devices go by other names on orders
            continue
        any_of = [f["value"], *f.get("alt", [])]
        if key.endswith((".phone", ".fax")):
            found = any(re.sub(r"\D", "", v) in digits for v in any_of)
        else:
            found = any(all(norm(x) in text for x in (v if isinstance(v, list) else [v])) for v in any_of)
        if not found:
            yield key
