"""Where the truth is kept: the store and cache ports, their adapters, and the records over them."""
