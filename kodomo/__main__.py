"""`python -m kodomo`: the command line."""

from kodomo.cli import main

raise SystemExit(main())
