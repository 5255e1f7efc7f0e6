from datetime import datetime

from dateutil import tz
from dateutil.parser import parse
from dateutil.relativedelta import relativedelta
from dateutil.rrule import MONTHLY, rrule

assert parse("Sat, 29 Feb 2020 10:20 +0200").utcoffset().total_seconds() == 7200
assert datetime(2020, 1, 31) + relativedelta(months=1) == datetime(2020, 2, 29)
assert [day.month for day in rrule(MONTHLY, count=3, dtstart=datetime(2020, 1, 31))] == [1, 3, 5]
assert datetime(2020, 1, 1, tzinfo=tz.UTC).isoformat() == "2020-01-01T00:00:00+00:00"
