import io

from loguru import logger

out = io.StringIO()
logger.remove()
logger.add(out, format="{level}|{function}|{message}", enqueue=False)


def work():
    logger.info("n={}", 3)
    with logger.catch(message="caught"):
        1 / 0


work()
assert out.getvalue().startswith("INFO|work|n=3\nERROR|work|caught"), out.getvalue()
assert "ZeroDivisionError" in out.getvalue()
