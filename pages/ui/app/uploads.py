"""Uploaded files in a folder of their own: the session's, removed when the session lets go of it."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

MAPPING_SUFFIX = ".toml"


@dataclass(frozen=True)
class Upload:
    """Files as they were called, in one folder; `mark` changes with their contents."""

    folder: Path
    files: tuple[Path, ...]
    digest: str


def _session_folder() -> Path:
    """The session's folder; TemporaryDirectory removes it with the session state that holds it."""
    if "upload_folder" not in st.session_state:
        st.session_state["upload_folder"] = tempfile.TemporaryDirectory(prefix="loanlight-")
    return Path(st.session_state["upload_folder"].name)


def store_files(uploaded: list[UploadedFile]) -> Upload:
    """The files on disk, by their names alone, without any folder; two of one name do not overwrite each other."""
    digest = hashlib.sha256()
    for file in uploaded:
        digest.update(file.name.encode() + file.getbuffer())
    folder = _session_folder() / digest.hexdigest()[:16]
    files = tuple(_build_unique_paths(folder, uploaded))
    if not folder.exists():
        folder.mkdir()
        for path, file in zip(files, uploaded, strict=True):
            path.write_bytes(file.getbuffer())
    return Upload(folder, files, folder.name)


def _build_unique_paths(folder: Path, uploaded: list[UploadedFile]) -> list[Path]:
    paths: list[Path] = []
    for file in uploaded:
        name = PurePath(file.name.replace("\\", "/")).name
        path = folder / name
        paths.append(path if path not in paths else folder / f"{len(paths)}-{name}")
    return paths
