"""Parts of the page that tries out an extension.

The decision itself is made in policy.extensions.
"""
