import io

from tqdm import tqdm

out = io.StringIO()
assert sum(tqdm(range(50), file=out, mininterval=0, desc="work")) == 1225
assert "work: 100%" in out.getvalue() and "50/50" in out.getvalue()
