"""What `masterx train` takes."""

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Adds what the command takes; gives the parser."""
    parser.description = (
        "Fits the model that foretells learners' answers, on answers in the store or in a table, judges it on a fifth "
        "of the learners that it was not fitted on, and puts it in use unless the one in use foretells more. Seconds "
        "for 10,000 answers, some minutes for a million; NumPy alone, one core."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--from-store", action="store_true", help="the answers of a workspace (the default)")
    source.add_argument("--file", type=Path, metavar="CSV", help="a table student,item,skill,correct[,t], also .gz")
    parser.add_argument("--workspace", default="default", help="whose model it is (default %(default)s)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the model here instead of into the store")
    parser.add_argument("--force", action="store_true", help="replace a better model, too")
    parser.add_argument("--seed", type=int, default=1, help="of all chance in it (default %(default)s)")
    return parser
