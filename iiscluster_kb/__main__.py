"""``python -m iiscluster_kb``: the command line."""

from iiscluster_kb.cli import main

raise SystemExit(main())
