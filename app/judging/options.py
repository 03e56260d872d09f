"""What `masterx evaluate` takes."""

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Adds what the command takes; gives the parser."""
    parser.description = (
        "Reads the decision log and says what each choice of a candidate policy would have earned, by three estimates "
        "(IPS, SNIPS, doubly robust) with 95 %% intervals, beside what was earned; or why the log cannot tell. With "
        'choices.mode = "fixed" the candidate chooses by its tables, with "learned" what is expected to earn most, by '
        "what was seen of other learners. Changes nothing. Exits with 1 where nothing can be told."
    )
    parser.add_argument("policy", type=Path, metavar="POLICY", help="the candidate, a policy file")
    parser.add_argument("--workspace", help="by the log of this one only (default: of all)")
    parser.add_argument("--json", action="store_true", help="print it as JSON, for programs")
    return parser
