"""Which file of a profile a sheet is: by its headers, or by its file name."""

from dataclasses import dataclass

from data.errors import InputError
from data.ingest.files.sheet_cells import WIDTH
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping import header_matching
from data.ingest.parsing import file_vocabulary
from data.ingest.profiles.profile_model import FileSpec, Profile
from data.messages.catalogue import bilingual


class UnrecognisedSheetError(InputError):
    """A sheet is none of the profile's files."""


@dataclass(frozen=True)
class RecognisedFile:
    """A sheet recognised as one of the profile's files."""

    spec: FileSpec
    sheet: Sheet
    row: int
    depth: int
    headers: dict[str, str]

    def index_columns(self) -> dict[str, str]:
        """Plain header -> column, or "" for a header that occurs twice."""
        labels = self.spec.names_by_label
        found: dict[str, str] = {}
        for column, header in self.headers.items():
            name = labels.get(file_vocabulary.normalise_text(header), file_vocabulary.normalise_text(header))
            found[name] = "" if name in found else column
        return found


def recognise_file(sheet: Sheet, profile: Profile) -> RecognisedFile:
    """By its header, and by its name where the header fits several; without a header by its name alone."""
    fits = [known for spec in profile.files if (known := _recognise_by_header(sheet, spec))]
    named = [known for known in fits if known.spec.matches_file_name(sheet.source.name)]
    found = next(iter((*named, *fits)), None) or _recognise_by_name(sheet, profile)
    if found:
        return found
    wanted = "; ".join(f"{spec.name}: {', '.join(spec.headers or spec.file_names)}" for spec in profile.files)
    raise UnrecognisedSheetError(
        bilingual("mapping.unrecognised_file", name=sheet.name, profile=profile.name, wanted=wanted)
    )


def recognise_sheets(sheets: list[Sheet], profile: Profile) -> tuple[list[RecognisedFile], list[Sheet]]:
    """The sheets that are files of the profile, and those of the same workbooks that are none: notes, summaries.

    Raises InputError for a workbook without any such sheet, and for a sheet that has most of the headers of a file:
    that is a list which lacks one.
    """
    found: list[RecognisedFile] = []
    others: list[tuple[Sheet, UnrecognisedSheetError]] = []
    for sheet in sheets:
        try:
            found.append(recognise_file(sheet, profile))
        except UnrecognisedSheetError as error:
            others.append((sheet, error))
    for sheet, refusal in others:
        if not any(entry.sheet.source is sheet.source for entry in found) or _resembles_file(sheet, profile):
            raise refusal
    return found, [sheet for sheet, _ in others]


def _resembles_file(sheet: Sheet, profile: Profile) -> bool:
    wanted = [frozenset(map(file_vocabulary.normalise_text, spec.headers)) for spec in profile.files if spec.headers]
    return any(header_matching.find_header(sheet, words).known_cells * 2 > len(words) for words in wanted)


def _recognise_by_header(sheet: Sheet, spec: FileSpec) -> RecognisedFile | None:
    wanted = set(map(file_vocabulary.normalise_text, spec.headers))
    head = header_matching.find_header(
        sheet, frozenset(wanted | {label for label, name in spec.names_by_label.items() if name in wanted})
    )
    found = {
        spec.names_by_label.get(file_vocabulary.normalise_text(header), file_vocabulary.normalise_text(header))
        for header in head.cells.values()
    }
    fits = wanted and wanted <= found
    return (
        RecognisedFile(spec, sheet, head.row, head.depth, header_matching.extract_headers(sheet, head))
        if fits
        else None
    )


def _recognise_by_name(sheet: Sheet, profile: Profile) -> RecognisedFile | None:
    """A file without a header, known by its name; its columns stand in the profile."""
    for spec in profile.files:
        if not spec.matches_file_name(sheet.source.name):
            continue
        if spec.skip_reason:
            return RecognisedFile(spec, sheet, -1, 0, {})
        named = {f"c{i}": name for i, name in enumerate(spec.column_names)}
        median = sheet.cells[WIDTH].median()
        width = int(median) if isinstance(median, float) else 0
        if width != len(spec.columns):
            raise InputError(
                bilingual(
                    "mapping.wrong_column_count",
                    name=sheet.name,
                    width=width,
                    profile=profile.name,
                    columns=len(spec.columns),
                    file=spec.name,
                )
            )
        first = {file_vocabulary.normalise_text(cell) for cell in sheet.cells.select(sheet.columns).row(0) if cell}
        has_header = first and first <= {*map(file_vocabulary.normalise_text, spec.column_names), *spec.names_by_label}
        return RecognisedFile(spec, sheet, 0 if has_header else -1, int(bool(has_header)), named)
    return None


def require_column(file: str, name: str, columns: dict[str, str]) -> str:
    column = columns.get(file_vocabulary.normalise_text(name))
    if column is None:
        raise InputError(bilingual("mapping.column_not_in_file", name=file, column=name))
    if not column:
        raise InputError(bilingual("mapping.column_twice_in_file", name=file, column=name))
    return column
