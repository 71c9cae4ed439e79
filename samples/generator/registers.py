"""Registers (patients.csv, institutions.csv in the contract's columns) for the people and houses of a corpus, near-twins included."""
import csv
import datetime as dt
import os

import people

PATIENTS = "room_id,name,kana,birth_date,sex,postal_code,address,phone,insurer_number,insured_number,members".split(",")
INSTITUTIONS = "id,name,aliases,code,phones,faxes,contact".split(",")
MEMBERS = ["dr.kondo@example.jp", "ns.hibino@example.jp", "cm.arima@example.jp", "pharm.sena@example.jp", "pt.mogi@example.jp"]


def patient_row(rng, room, c):
    p = c.patient
    return [room, f"{p[0]} {p[1]}", f"{p[2]} {p[3]}", c.birth.isoformat(), "male" if p[4] == "m" else "female", c.post, c.address, c.phone, c.insurer, c.insured, ";".join(sorted(rng.sample(MEMBERS, rng.randint(2, 4))))]


def twin_row(rng, room, row):
    """Somebody nearly the same: another day of birth, another given name, or a variant of the family name."""
    r = list(row)
    r[0] = room
    kind = rng.choice(["birth", "given", "sibling"])
    b = dt.date.fromisoformat(r[3])
    if kind == "birth":
        r[3] = (b + dt.timedelta(days=rng.choice([-30, 1, 10, 365, 3653]))).isoformat()
    else:
        g = rng.choice(people.WOMEN if r[4] == "female" else people.MEN)
        r[1], r[2] = f"{r[1].split()[0]} {g[0]}", f"{r[2].split()[0]} {g[1]}"
        if kind == "sibling":
            r[3] = (b + dt.timedelta(days=rng.randint(400, 1500))).isoformat()
    r[7], r[9] = people.phone(rng), f"00{rng.randint(0, 99999999):08d}"
    return r


def institution_row(h, n):
    aliases = [h.full] if h.corp else []
    return [h.id, h.name, ";".join(aliases), f"12{n:08d}", ";".join(x for x in (h.phone, h.direct) if x), h.fax, f"{h.unit or '代表'}"]


def write(folder, patients, institutions):
    os.makedirs(folder, exist_ok=True)
    for name, head, rows in (("patients.csv", PATIENTS, patients), ("institutions.csv", INSTITUTIONS, institutions)):
        with open(os.path.join(folder, name), "w", encoding="utf-8", newline="") as f:
            w = csv.writer(f, lineterminator="\n")
            w.writerow(head)
            w.writerows(rows)
