"""Python's garbage collector, which Streamlit runs over every object after every run of a page.

The words, the compiled rules and the libraries make hundreds of thousands, and looking through them takes longer than
the page itself.
"""

import atexit
import gc

import streamlit as st

GC_THRESHOLDS = (100_000, 20, 100)  # by default 700, 10, 10: the libraries and the policy alone would set off many
gc.set_threshold(*GC_THRESHOLDS)
# Python's last collection skips what is frozen, and DuckDB would then report its types and functions as leaked.
atexit.register(gc.unfreeze)


@st.cache_resource(show_spinner=False)
def freeze_startup_objects(page: str) -> None:  # noqa: ARG001  # read by the cache only
    """What there is after the first run of a page stays, and is not looked through again. Once a page, not a run."""
    gc.collect()
    gc.freeze()
