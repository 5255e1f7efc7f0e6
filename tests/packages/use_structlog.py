import io
import json

import structlog

out = io.StringIO()
structlog.configure(
    processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
    logger_factory=structlog.PrintLoggerFactory(out),
)
structlog.get_logger().bind(user="a").warning("event", n=1)
assert json.loads(out.getvalue()) == {"user": "a", "n": 1, "level": "warning", "event": "event"}
