"""Import: upload, see and correct the mapping, see what would load, load it, correct the quarantine; check it."""

from pages.ui.app import page_frame
from pages.ui.imports import check, outcome, snapshots, steps
from pages.ui.widgets import quality_findings

page_frame.open_page_without_snapshot("import_files")
upload = steps.draw_upload()
if upload is not None:
    mapping = steps.draw_mapping(upload)
    if mapping is not None:
        steps.draw_dry_run(upload, mapping)
outcome.draw_outcome()
as_of = snapshots.draw_snapshots()
if as_of is not None:
    check.draw_check(as_of)
    quality_findings.draw_findings(as_of)
