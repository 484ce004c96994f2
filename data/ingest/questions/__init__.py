"""Questions that a file leaves open: asked before anything is loaded, or answered beforehand (--assume).

What each question means for cells, columns or rows is decided where it is asked.
"""
