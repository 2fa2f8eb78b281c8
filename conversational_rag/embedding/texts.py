"""Makes any string into one that tokenizers take."""


def well_formed(text: str) -> str:
    """The text with each lone surrogate, which has no UTF-8 form, as a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")
