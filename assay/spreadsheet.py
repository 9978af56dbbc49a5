"""What a spreadsheet makes of the cells of a CSV file: none of them may become a formula.

Text from outside (names of sets, messages of the service) stands in tables that people open in a spreadsheet, and a cell that
begins with `=` would run there (https://owasp.org/www-community/attacks/CSV_Injection). How cells are laid out is the writer's business.
"""


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take the text of a cell for a formula."""
    return text.lstrip(" \t\r\n").startswith(("=", "+", "-", "@")) or text[:1] in ("\t", "\r")


def as_text(cell: object) -> object:
    """A cell's value; a text that would be a formula with an apostrophe before it. Numbers stay what they are, None is empty."""
    if isinstance(cell, str) and is_formula(cell):
        return f"'{cell}"
    return "" if cell is None else cell
