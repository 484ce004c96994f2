"""One file format each, from bytes to cells: HTML, DBF, XML, the records of XLS, number formats, code pages.

Which format a file has, and what a sheet of it is, is decided in files.
"""
