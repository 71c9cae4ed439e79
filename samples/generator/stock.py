"""What a set of faxes is told about: courses, places, towns, family names, partners. The sets share none of it, so that a rule or a word list
made from one is judged honestly on another."""
from dataclasses import dataclass, field

import clinic
import people


@dataclass
class Stock:
    courses: list
    filler: list
    allergy: list
    infection: list
    places: list
    rooms: list
    towns: list
    families: list = field(default_factory=list)  # beside the common ones of people.py
    offices: list = field(default_factory=list)  # care offices that a sheet names
    doctors: list = field(default_factory=list)  # family doctors that a sheet names

    def family(self, rng):
        """A family name for a person, or None for one of the common ones."""
        return rng.choice(self.families) if self.families and rng.random() < 0.6 else None


TRAIN = Stock(clinic.COURSES, clinic.FILLER, clinic.ALLERGY, clinic.INFECTION, clinic.PLACES, clinic.ROOMS, people.TOWNS)
