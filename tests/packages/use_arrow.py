import arrow

moment = arrow.get("2024-02-29T10:00:00+02:00")
assert moment.shift(years=1).format("YYYY-MM-DD") == "2025-02-28"
assert moment.to("Europe/Berlin").hour == 9 and moment.humanize(moment.shift(hours=1)) == "an hour ago"
