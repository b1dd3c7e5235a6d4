"""What the gates in Python share: each is shown faults, and must complain of them."""


def goes_unnoticed(title, found, expected):
    """Whether no complaint has the expected words; if so, it says so."""
    unnoticed = not any(expected in complaint for complaint in found)
    if unnoticed:
        print(f"self test: '{title}' passed unnoticed; complaints: {found}")
    return unnoticed
