"""What the gates in Python share: each is shown faults, and must complain of them."""
import argparse


def goes_unnoticed(title, found, expected):
    """Whether no complaint has the expected words; if so, it says so."""
    unnoticed = not any(expected in complaint for complaint in found)
    if unnoticed:
        print(f"self test: '{title}' passed unnoticed; complaints: {found}")
    return unnoticed


def arguments(description):
    """The parser of a gate that holds a tree against the program."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kakehashi", required=True)
    parser.add_argument("--self-test", action="store_true")
    return parser


def report(found, words):
    """Prints the complaints, then the words and how many there are. Returns the exit code."""
    for complaint in found:
        print(complaint)
    print(f"{words}{len(found)} complaints")
    return 1 if found else 0
