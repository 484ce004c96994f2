"""What an extension brings about, as rows of consequences.csv and exposure_ratios.csv."""

from dataclasses import dataclass

from policy.model.problem import SourceLocation

CONSEQUENCE_STATES = ("sets", "after", "both")


@dataclass(frozen=True)
class Consequence:
    """What an extension brings about. `state`: it sets the fact `outcome`, or one that stands after it, or in both."""

    outcome: str
    state: str
    expression: str
    act_date: str
    type: str
    unit: str
    codes: str
    clause_id: str
    evidence: str
    zh: str
    en: str
    place: SourceLocation


@dataclass(frozen=True)
class ExposureRatio:
    """A share of the running balance that an extension may move: loans of `part` over loans of `whole`."""

    ratio: str
    part: str
    whole: str
    clause_id: str
    evidence: str
    zh: str
    en: str
    place: SourceLocation
