"""`python -m app` is `masterx`."""

import sys

from app.cli import main

sys.exit(main())
