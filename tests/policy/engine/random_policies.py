"""Policies at random within the grammar, and records at random around their own bounds. A seed gives the same again."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from data import dictionary
from tests.policy import policy_builder

COMPARISONS = ("<=", "<", ">=", ">", "=", "<>")
SAMPLE_DATES = [
    date(y, m, d)
    for y, m, d in (
        (2019, 2, 28),
        (2020, 1, 31),
        (2020, 2, 29),
        (2021, 2, 28),
        (2022, 12, 31),
        (2023, 1, 1),
        (2023, 3, 31),
        (2024, 2, 29),
        (2024, 4, 30),
        (2024, 7, 1),
        (2024, 8, 31),
        (2025, 2, 28),
    )
]
SAMPLE_NUMBERS = {
    "yuan": ["0", "0.01", "100", "99999.99", "100000", "333333.33", "5000000"],
    "months": ["0", "1", "6", "12", "13", "36", "60"],
    "days": ["0", "1", "10", "20", "90", "365"],
    "count": ["0", "1", "2", "3"],
    "rank": ["1", "2", "3", "5"],
    "percent": ["0", "3.85", "4.35", "12"],
    "ratio": ["0", "0.5", "0.333333", "0.7", "1", "1.5"],
    "year": ["2019", "2023", "2024"],
}
SMALLEST_STEP = {
    "money": Decimal("0.01"),
    "rate": Decimal("0.000001"),
    "integer": Decimal(1),
    "number": Decimal("0.000001"),
}
SAMPLE_TEXTS = ["A", "B1", "B10", "c", "O'Neil", "甲"]
LIMIT_TYPES = {"yuan": "money", "months": "integer", "days": "integer", "ratio": "rate", "count": "integer"}


class ExpressionWriter:
    """Writes expressions over the fields of one subject that surely have the right types and units."""

    def __init__(self, rng: random.Random, subject: str) -> None:
        self.rng, self.subject = rng, subject
        facts = [f for f in dictionary.facts_of_subject(subject).values() if f.type != "timestamp"]
        self.fields: dict[str, list[dictionary.Field]] = {}
        for f in facts:
            self.fields.setdefault(f.type, []).append(f)
        for kind, found in self.fields.items():
            self.fields[kind] = rng.sample(found, min(7, len(found)))
        self.by_unit: dict[str, list[str]] = {}
        for kind in ("money", "rate", "integer", "number"):
            for f in self.fields.get(kind, []):
                self.by_unit.setdefault(f.unit, []).append(f.name)
        self.dates = [f.name for f in self.fields["date"]]
        self.booleans = [f.name for f in self.fields.get("boolean", [])]
        self.limits: dict[str, list[str]] = {}

    def pick_one(self, *choices: Callable[[], str]) -> str:
        return self.rng.choice(choices)()

    def number_expression(self, unit: str, depth: int) -> str:
        deeper = depth - 1
        leaves = [lambda: self.rng.choice(SAMPLE_NUMBERS[unit])]
        if unit in self.by_unit:
            leaves += [lambda: self.rng.choice(self.by_unit[unit])] * 4
        if self.limits.get(unit):
            leaves += [lambda: self.rng.choice(self.limits[unit])] * 2
        if depth <= 0:
            return self.pick_one(*leaves)
        own = lambda: self.number_expression(unit, deeper)  # noqa: E731
        more = [
            lambda: f"({own()} {self.rng.choice('+-')} {own()})",
            lambda: f"{own()} * {self.rng.choice(['2', '0.5', '1.25'])}",
            lambda: f"-{self.number_expression(unit, 0)}",
            lambda: f"if({self.boolean_expression(deeper)}, {own()}, {own()})",
            lambda: f"if({self.boolean_expression(deeper)}, {own()})",
            lambda: f"{self.rng.choice(['coalesce', 'least', 'greatest'])}({own()}, {own()})",
        ]
        if unit == "days":
            more += [lambda: f"days_between({self.date_expression(deeper)}, {self.date_expression(deeper)})"] * 3
        if unit == "year":
            more += [lambda: f"year({self.date_expression(deeper)})"] * 3
        return self.pick_one(*leaves, *leaves, *more)

    def date_expression(self, depth: int) -> str:
        deeper = depth - 1
        leaves = [lambda: self.rng.choice(self.dates)] * 4 + [lambda: f"DATE '{self.rng.choice(SAMPLE_DATES)}'"]
        if self.limits.get("date"):
            leaves.append(lambda: self.rng.choice(self.limits["date"]))
        if depth <= 0:
            return self.pick_one(*leaves)
        own = lambda: self.date_expression(deeper)  # noqa: E731
        more = [
            lambda: f"add_months({own()}, {self.number_expression('months', 0)})",
            lambda: f"add_months({own()}, -{self.number_expression('months', 0)})",
            lambda: f"add_days({own()}, {self.number_expression('days', 0)})",
            lambda: (
                f"add_term({self.date_expression(0)}, {self.date_expression(0)}, {self.number_expression('ratio', 0)})"
            ),
            lambda: f"month_end({own()})",
            lambda: f"{self.rng.choice(['earliest', 'latest', 'coalesce'])}({own()}, {own()})",
            lambda: f"if({self.boolean_expression(deeper)}, {own()})",
        ]
        return self.pick_one(*leaves, *more, *more)

    def text_field(self) -> str:
        return self.rng.choice(self.fields["text"]).name

    def code_field(self) -> dictionary.Field:
        return self.rng.choice(self.fields["code"])

    def random_codes(self, field: dictionary.Field, most: int) -> list[str]:
        known = list(dictionary.codes_of_list(str(field.code_list)))
        return self.rng.sample(known, min(len(known), self.rng.randint(1, most)))

    def quote_texts(self, texts: list[str]) -> str:
        return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)

    def boolean_expression(self, depth: int) -> str:
        deeper = depth - 1
        leaves = [
            self.number_comparison,
            self.number_comparison,
            self.date_comparison,
            self.date_comparison,
            self.code_comparison,
            self.text_comparison,
            self.null_predicate,
        ]
        if self.booleans:
            leaves += [lambda: self.rng.choice(self.booleans)]
        if self.limits.get("boolean"):
            leaves += [lambda: self.rng.choice(self.limits["boolean"])]
        if self.fields.get("list"):
            leaves.append(self.list_predicate)
        if depth <= 0:
            return self.pick_one(*leaves)
        own = lambda: self.boolean_expression(deeper)  # noqa: E731
        return self.pick_one(
            lambda: f"{own()} and {own()}",
            lambda: f"({own()} or {own()})",
            lambda: f"not ({own()})",
            lambda: f"not {self.number_comparison(deeper)}",
            lambda: f"if({own()}, {own()})",
            lambda: self.number_comparison(deeper),
            lambda: self.date_comparison(deeper),
            *leaves,
        )

    def number_comparison(self, depth: int = 0) -> str:
        unit = self.rng.choice([unit for unit in self.by_unit if unit])
        left, right = self.number_expression(unit, depth), self.number_expression(unit, depth)
        negated = self.rng.choice(["", "", "not "])
        return self.pick_one(
            lambda: f"{left} {self.rng.choice(COMPARISONS)} {right}",
            lambda: f"{left} {negated}between {right} and {self.number_expression(unit, depth)}",
            lambda: f"{left} {negated}in ({', '.join(self.rng.sample(SAMPLE_NUMBERS[unit], 2))})",
        )

    def date_comparison(self, depth: int = 0) -> str:
        left = self.date_expression(depth)
        return self.pick_one(
            lambda: f"{left} {self.rng.choice(COMPARISONS)} {self.date_expression(depth)}",
            lambda: f"{left} between {self.date_expression(depth)} and {self.date_expression(depth)}",
        )

    def code_comparison(self) -> str:
        field = self.code_field()
        negated = self.rng.choice(["", "not "])
        return self.pick_one(
            lambda: f"{field.name} {self.rng.choice(['=', '<>'])} {self.quote_texts(self.random_codes(field, 1))}",
            lambda: f"{field.name} {negated}in ({self.quote_texts(self.random_codes(field, 3))})",
        )

    def text_comparison(self) -> str:
        return self.pick_one(
            lambda: (
                f"{self.text_field()} {self.rng.choice(['=', '<>', '<'])} {self.quote_texts([self.rng.choice(SAMPLE_TEXTS)])}"
            ),
            lambda: f"{self.text_field()} = {self.text_field()}",
            lambda: f"starts_with({self.text_field()}, {self.quote_texts([self.rng.choice(['A', 'B', 'B1', ''])])})",
        )

    def null_predicate(self) -> str:
        kind = self.rng.choice([kind for kind in self.fields if self.fields[kind]])
        return f"{self.rng.choice(self.fields[kind]).name} is {self.rng.choice(['', 'not '])}null"

    def missing_items_predicate(self) -> str:
        field = self.rng.choice(self.fields["list"])
        known = list(dictionary.codes_of_list(field.code_list)) if field.code_list else SAMPLE_TEXTS[:3]
        some = self.rng.sample(known, min(3, len(known)))
        return f"lacking({field.name}, '{', '.join(some[:2])}/{some[-1]}')"

    def list_predicate(self) -> str:
        field = self.rng.choice(self.fields["list"])
        member = self.random_codes(field, 1)[0] if field.code_list else self.rng.choice(SAMPLE_TEXTS)
        return f"has({field.name}, {self.quote_texts([member])})"


def _random_bounds(rng: random.Random, field: dictionary.Field) -> list[str]:
    """Far enough apart that an open range between two of them holds a value."""
    if field.type == "date":
        days = sorted(rng.sample(SAMPLE_DATES, rng.randint(1, 3)))
        return [str(day) for n, day in enumerate(days) if n == 0 or (day - days[n - 1]).days > 1]
    pool = SAMPLE_NUMBERS[field.unit]
    numbers = sorted(Decimal(text) for text in rng.sample(pool, rng.randint(1, min(3, len(pool)))))
    return [str(v) for n, v in enumerate(numbers) if n == 0 or v - numbers[n - 1] > SMALLEST_STEP[field.type]]


def _partition_cells(rng: random.Random, field: dictionary.Field) -> list[str]:
    """Disjoint cells that leave no value out."""
    bounds = _random_bounds(rng, field)
    closed = [rng.random() < 0.5 for _ in bounds]  # whether the bound belongs to the cell below it
    cells = [f"{'<=' if closed[0] else '<'} {bounds[0]}"]
    for (low, low_closed), (high, high_closed) in zip(
        zip(bounds, closed, strict=True), list(zip(bounds, closed, strict=True))[1:], strict=False
    ):
        cells.append(f"{'(' if low_closed else '['}{low}..{high}{']' if high_closed else ')'}")
    return [*cells, f"{'>' if closed[-1] else '>='} {bounds[-1]}"]


def _key_cells(rng: random.Random, field: dictionary.Field) -> list[str]:
    if field.type in ("date", "money", "integer", "rate", "number"):
        cells = _partition_cells(rng, field)
        return [cells[0], f"not({cells[0]})"] if rng.random() < 0.2 else cells
    if field.type == "boolean":
        return ["true", "false"]
    known = list(dictionary.codes_of_list(str(field.code_list))) if field.code_list else SAMPLE_TEXTS[:4]
    some = rng.sample(known, min(len(known), rng.randint(1, 3)))
    return [some[0], ", ".join(some[1:]) or f"not({some[0]})", f"not({', '.join(some)})"][: 2 + (len(some) > 1)]


def _limit_values(rng: random.Random, columns: dict[str, str]) -> dict[str, str]:
    found = {}
    for name, unit in columns.items():
        if unit == "boolean":
            found[name] = rng.choice(["true", "false"])
        elif unit == "date":
            found[name] = str(rng.choice(SAMPLE_DATES))
        else:
            found[name] = rng.choice(SAMPLE_NUMBERS[unit])
        if rng.random() < 0.1:
            found[name] = ""
    return found


def _partition_rows(rng: random.Random, fields: list[dictionary.Field]) -> list[dict[str, str]]:
    """Disjoint rows: the first key is cut into cells, each cut again by the next key or left whole."""
    if not fields:
        return [{}]
    rows = []
    for cell in _key_cells(rng, fields[0]):
        rest = _partition_rows(rng, fields[1:]) if rng.random() < 0.6 else [{f.name: "-" for f in fields[1:]}]
        rows += [{fields[0].name: cell} | row for row in rest]
    return rows


def _with_later_versions(rng: random.Random, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Some rows are followed by a later version of themselves."""
    found = []
    for row in rows:
        day = str(rng.choice(SAMPLE_DATES))
        found += [row | {"effective_to": day}, row | {"effective_from": day}] if rng.random() < 0.3 else [row]
    return found


def random_limit_table(
    rng: random.Random, writer: ExpressionWriter, name: str, hit_policy: str
) -> tuple[str, list, list]:  # type: ignore[type-arg]
    kinds = [
        kind for kind in ("code", "date", "money", "integer", "boolean", "rate", "text") if writer.fields.get(kind)
    ]
    chosen = [rng.choice(writer.fields[kind]) for kind in rng.sample(kinds, rng.randint(1, 3))]
    fields = [f for f in chosen if not f.unit or f.unit in SAMPLE_NUMBERS]
    columns = dict(zip(("a", "b"), rng.sample([*LIMIT_TYPES, "boolean", "date"], 2), strict=True))
    rows = _partition_rows(rng, fields)
    if hit_policy == "collect":
        rows = [
            rng.choice(rows) | {f.name: "-" for f in rng.sample(fields, rng.randint(0, len(fields)))} for _ in range(3)
        ]
    rows = [row for row in rows if rng.random() < 0.9] or rows
    rows = [row | _limit_values(rng, columns) for row in _with_later_versions(rng, rows)]
    declared = [(f.name, "key", f.type, f.unit) for f in fields]
    declared += [(c, "limit", LIMIT_TYPES.get(u, u), u if u in LIMIT_TYPES else "") for c, u in columns.items()]
    if hit_policy == "unique":
        for column, unit in columns.items():
            writer.limits.setdefault(unit, []).append(f"{name}.{column}")
    return hit_policy, declared, rows


def _random_versions(
    rng: random.Random, rule: dict[str, str], again: Callable[[], dict[str, str]]
) -> list[dict[str, str]]:
    """One to three versions, now and then with a hole between them."""
    days = sorted(rng.sample(SAMPLE_DATES, rng.choice([0, 0, 1, 2])))
    found, start = [], date(1990, 1, 1)
    for day in days:
        found.append(rule | again() | {"effective_from": str(start), "effective_to": str(day)})
        later = day + timedelta(days=rng.choice([0, 0, 0, 20]))
        start = later if all(not day < other <= later for other in days) else day
    end = rng.choice(["", "", "2025-09-01"]) if days else rng.choice(["", "2024-05-01"])
    return [*found, rule | again() | {"effective_from": str(start), "effective_to": end}]


def _random_rule(rng: random.Random, writer: ExpressionWriter, kind: str) -> dict[str, str]:
    """One version's cells; `kind` is what it measures."""
    depth = rng.choice([0, 1, 1, 2, 2])
    if kind == "number":
        kind = rng.choice(["number", "ratio"])
    comparator = rng.choice(COMPARISONS)
    unit = rng.choice([unit for unit in writer.by_unit if unit])
    if kind == "number":
        measure, limit = writer.number_expression(unit, depth), writer.number_expression(unit, depth)
    elif kind == "ratio":
        measure, limit = (
            f"({writer.number_expression(unit, 1)}) / ({writer.number_expression(unit, 1)})",
            writer.number_expression("ratio", depth),
        )
    elif kind == "date":
        measure, limit = writer.date_expression(depth), writer.date_expression(depth)
    else:
        comparator = rng.choice(["=", "<>"])
        field = writer.code_field()
        measure = writer.boolean_expression(depth) if kind == "boolean" else field.name
        limit = (
            rng.choice(["true", "false"]) if kind == "boolean" else writer.quote_texts(writer.random_codes(field, 1))
        )
        if kind == "text" and writer.fields.get("list") and rng.random() < 0.3:
            measure, limit = writer.missing_items_predicate(), "''"
    scope = rng.choice(["", writer.boolean_expression(0), writer.boolean_expression(1), writer.boolean_expression(2)])
    return {"scope": scope, "measure": measure, "comparator": comparator, "limit": limit}


def _random_collect_rule(
    rng: random.Random, writer: ExpressionWriter, name: str, columns: dict[str, str]
) -> dict[str, str] | None:
    usable = {column: unit for column, unit in columns.items() if unit in writer.by_unit or unit in ("date", "ratio")}
    if not usable:
        return None
    column, unit = rng.choice(list(usable.items()))
    asked, writer.limits = writer.limits, {}
    if unit == "date":
        measure, limit = writer.date_expression(1), f"add_months({name}.{column}, 1)"
    elif unit == "ratio":
        yuan, divisor = writer.number_expression("yuan", 1), writer.number_expression("yuan", 0)
        measure, limit = f"({yuan}) / ({divisor})", f"{name}.{column}"
    else:
        measure, limit = writer.number_expression(unit, 1), f"{name}.{column} + {writer.number_expression(unit, 0)}"
    scope = rng.choice(["", writer.boolean_expression(1)])
    writer.limits = asked
    return {"scope": scope, "measure": measure, "comparator": rng.choice(COMPARISONS), "limit": limit}


def _random_derived_fields(writer: ExpressionWriter, child: ExpressionWriter, rng: random.Random) -> str:
    acts = ["", rng.choice(writer.dates)]
    same = [
        ("derived_amount", "", writer.number_expression("yuan", 2), "", "money", "yuan"),
        ("derived_day", "", writer.date_expression(2), "", "date", ""),
        ("derived_end", "", f"latest({writer.dates[0]}, {writer.date_expression(1)})", "", "date", ""),
        ("derived_flag", "", writer.boolean_expression(1), "", "boolean", ""),
    ]
    gathered = [
        ("gathered_sum", "collateral", child.number_expression("yuan", 2), "sum", "money", "yuan"),
        ("gathered_least", "collateral", child.date_expression(1), "min", "date", ""),
        ("gathered_count", "collateral", f"if({child.boolean_expression(1)}, 1)", "count", "integer", "count"),
    ]
    lines = [
        policy_builder.csv_line(
            [
                name,
                "loan",
                source,
                text,
                aggregate,
                rng.choice(acts) if not source else "",
                kind,
                unit,
                "",
                "字段",
                "Field",
            ]
        )
        for name, source, text, aggregate, kind, unit in (*same, *gathered)
    ]
    writer.by_unit.setdefault("yuan", []).extend(["derived_amount", "gathered_sum"])
    writer.by_unit.setdefault("count", []).append("gathered_count")
    writer.dates += ["derived_day", "derived_end", "gathered_least"]
    writer.booleans.append("derived_flag")
    return "".join(lines)


def random_policy_texts(seed: int, rules: int = 12) -> dict[str, str]:
    """The tables of one random policy about loans and collateral."""
    rng = random.Random(seed)
    loan, collateral = ExpressionWriter(rng, "loan"), ExpressionWriter(rng, "collateral")
    tables = {f"t{n}": random_limit_table(rng, loan, f"t{n}", "unique") for n in range(3)}
    tables["g0"] = random_limit_table(rng, collateral, "g0", "unique")
    tables["c0"] = random_limit_table(rng, loan, "c0", "collect")
    derived = _random_derived_fields(loan, collateral, rng)
    columns = {name: unit or kind for name, role, kind, unit in tables["c0"][1] if role == "limit"}
    rows: list[dict[str, str]] = []
    for n in range(rules):
        writer = collateral if n % 4 == 3 else loan
        act = rng.choice(["", *writer.dates])
        rule = {"rule_id": f"R{n}", "subject": writer.subject, "act_date": act, "unit": ""}
        kind = rng.choice(["number", "number", "number", "date", "date", "boolean", "text"])
        again = lambda writer=writer, kind=kind: _random_rule(rng, writer, kind)  # noqa: E731
        rows += _random_versions(rng, rule, again)
    for n in range(2):
        if made := _random_collect_rule(rng, loan, "c0", columns):
            rows.append(
                made | {"rule_id": f"C{n}", "subject": "loan", "act_date": rng.choice(["", "disbursed_on"]), "unit": ""}
            )
    return policy_builder.policy_texts(rows, tables, derived)


def _random_value(rng: random.Random, field: dictionary.Field, days: list[date]) -> str | None:
    """Near a bound more often than not; unknown now and then."""
    if rng.random() < 0.13:
        return None
    if field.type == "date":
        return str(rng.choice(days) + timedelta(days=rng.choice([-1, 0, 0, 0, 1])))
    if field.type in SMALLEST_STEP:
        number = Decimal(rng.choice(SAMPLE_NUMBERS.get(field.unit, SAMPLE_NUMBERS["count"]))) * rng.choice(
            [1, 1, 1, 1, -1]
        )
        return str((number + rng.choice([-1, 0, 0, 1]) * SMALLEST_STEP[field.type]).quantize(SMALLEST_STEP[field.type]))
    if field.type == "boolean":
        return rng.choice(["true", "false"])
    known = list(dictionary.codes_of_list(field.code_list)) if field.code_list else SAMPLE_TEXTS
    if field.type == "list":
        return "|".join(rng.sample(known, rng.randint(1, min(3, len(known)))))
    return rng.choice(known)


def random_records(seed: int, subject: str, number: int, as_of: date) -> list[dict[str, str | None]]:
    """Facts as text; collateral stands under the loans of the same seed, none to three each."""
    rng = random.Random(f"{seed} {subject}")
    key = dictionary.load_subjects()[subject].id
    found = []
    for n in range(number):
        days = rng.sample(SAMPLE_DATES, 4)
        row = {
            name: _random_value(rng, field, days)
            for name, field in dictionary.facts_of_subject(subject).items()
            if field.type != "timestamp"
        }
        row |= {"as_of": str(as_of), "loan_id": f"L{n}" if subject == "loan" else f"L{rng.randrange(number)}"}
        found.append(row | {key: f"{subject}{n}" if subject != "loan" else f"L{n}"})
    return found
