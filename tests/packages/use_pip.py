import subprocess
import sys

version = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True)
assert version.returncode == 0 and version.stdout.startswith("pip "), version
listed = subprocess.run([sys.executable, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True)
assert listed.returncode == 0 and "pip==" in listed.stdout, listed
