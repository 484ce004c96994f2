"""The frame of a page: navigation, address, cached queries, uploads, background jobs.

Nothing about what one page shows.
"""
