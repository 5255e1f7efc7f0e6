from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import sys_tags
from packaging.version import Version

assert sorted(map(Version, ["1.10", "1.9", "1.10rc1"])) == [Version("1.9"), Version("1.10rc1"), Version("1.10")]
assert "1.4" in SpecifierSet(">=1.2,<2") and "2.0" not in SpecifierSet(">=1.2,<2")
requirement = Requirement("name[extra]>=1; python_version >= '3.9'")
assert requirement.extras == {"extra"} and requirement.marker.evaluate()
assert Marker("sys_platform == 'linux'").evaluate()
assert "py3-none-any" in [str(tag) for tag in sys_tags()]
