"""The two ends of a long text: what its writer wants, and says of themselves, stands there; pasted text between."""

SEAM = "\n\n"
"""Stands for what is left out."""


def ends(text: str, most: int) -> str:
    """A text of up to `2 * most` characters as it is, of a longer one so many from either end.

    >>> ends("How is this? 123456789 I am lost.", 12)
    'How is this?\\n\\n9 I am lost.'
    """
    return text if len(text) <= 2 * most else f"{text[:most]}{SEAM}{text[-most:]}"
