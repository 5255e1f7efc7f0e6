import datetime

import humanize

assert humanize.naturalsize(3_000_000) == "3.0 MB" and humanize.intcomma(12345) == "12,345"
assert humanize.precisedelta(datetime.timedelta(hours=3, seconds=5)) == "3 hours and 5 seconds"
assert humanize.ordinal(22) == "22nd"
