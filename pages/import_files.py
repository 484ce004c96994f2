"""Import: upload, see and correct the mapping, see what would load, load it, mend what was kept back; check it."""

from pages.ui.app import page_frame
from pages.ui.imports import check, steps
from pages.ui.widgets import quality_findings

page_frame.open_alone("import_files")
upload = steps.upload()
if upload is not None:
    mapping = steps.mapping(upload)
    if mapping is not None:
        steps.rehearsal(upload, mapping)
steps.outcome()
as_of = steps.snapshots()
if as_of is not None:
    check.section(as_of)
    quality_findings.section(as_of)
