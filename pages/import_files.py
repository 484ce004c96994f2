"""Import: upload, see and correct the mapping, see what would load, load it, mend what was kept back; check it."""

from pages.ui import checking, frame, importing, quality_findings

frame.open_alone("import_files")
upload = importing.upload()
if upload is not None:
    mapping = importing.mapping(upload)
    if mapping is not None:
        importing.rehearsal(upload, mapping)
importing.outcome()
as_of = importing.snapshots()
if as_of is not None:
    checking.section(as_of)
    quality_findings.section(as_of)
