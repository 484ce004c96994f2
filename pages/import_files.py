"""Import: upload, see and correct the mapping, see what would load, load it, mend what was kept back."""

from pages.ui import frame, importing

frame.open_alone("import_files")
upload = importing.upload()
if upload is not None:
    mapping = importing.mapping(upload)
    if mapping is not None:
        importing.rehearsal(upload, mapping)
importing.outcome()
importing.snapshots()
