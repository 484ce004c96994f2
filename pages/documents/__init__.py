"""Documents to print and sign: the templates a bank may edit, and what fills them."""
