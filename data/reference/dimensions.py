"""What running loans are grouped and filtered by on the health page: rows of dimensions.csv, as SQL over facts."""

from dataclasses import dataclass
from functools import cache

from data.reference import buckets
from data.table_files import read_rows

VALUE_SQL = {
    "section": "substr(coalesce(industry_code, borrower_industry), 1, 1)",
    "coverage": "CASE WHEN collateral_net_value > 0 THEN {case} WHEN collateral_net_value <= 0 THEN 'over' "
    "WHEN guarantee_type NOT IN (SELECT code FROM codes WHERE list = 'guarantee_type' AND attr = 'collateral') "
    "THEN 'unsecured' END",
}
MEASURE_SQL = {"coverage": "balance * 100 / collateral_net_value"}
CODE_KIND = "code"


@dataclass(frozen=True)
class Dimension:
    """`kind`: code (the field as it is), section (the letter of a sector), or the list of buckets it falls in.

    `codes`: the code list that names its values, where there is one.
    """

    name: str
    field: str
    kind: str
    codes: str
    zh: str
    en: str

    @property
    def edges(self) -> tuple[buckets.Bucket, ...]:
        return buckets.load_buckets(self.kind)

    @property
    def sql(self) -> str:
        """The code of a loan, by its facts."""
        if self.kind == CODE_KIND:
            return f'"{self.field}"'
        case = buckets.bucket_code_sql(self.kind, MEASURE_SQL.get(self.name, f'"{self.field}"')) if self.edges else ""
        return VALUE_SQL.get(self.name, "{case}").format(case=case)


@cache
def load_dimensions() -> dict[str, Dimension]:
    return {
        row["dimension"]: Dimension(row["dimension"], row["field"], row["kind"], row["codes"], row["zh"], row["en"])
        for row in read_rows("dimensions.csv")
    }
