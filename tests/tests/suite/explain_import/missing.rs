//! Nobody knows the module.

use super::{does_not_say, explain, explain_after, says};
use crate::harness::togil;

#[test]
fn a_name_that_differs_by_one_letter_is_suggested() {
    let output = explain(&[("helper.py", "")], &["heplers"]);
    says(
        output,
        1,
        &[
            "heplers: not importable: no finder knows a module named 'heplers'",
            "1 sys.modules",
            "BuiltinImporter: no",
            "FrozenImporter: no",
            "'' (the current directory): no",
            "did you mean helper (in {})?",
        ],
    );
    says(explain(&[], &["jsno"]), 1, &["did you mean json?"]);
}

#[test]
fn the_wrong_case_is_named() {
    let output = explain(&[("Tools.py", "")], &["tools"]);
    says(output, 1, &["{}/Tools.py differs in upper and lower case", "so import Tools"]);
}

#[test]
fn a_hyphen_in_a_file_name_is_named() {
    let output = explain(&[("my-tool.py", "")], &["my_tool"]);
    says(output, 1, &["my-tool.py has a - in its name", "rename it to my_tool.py"]);
}

#[test]
fn a_file_with_another_ending_is_no_module() {
    let output = explain(&[("tool.py.txt", "")], &["tool"]);
    says(output, 1, &["{}/tool.py.txt does not end in .py, so it is no module"]);
}

#[test]
fn an_empty_directory_is_a_namespace_package_without_anything() {
    let files = [("tool/notes.txt", "")];
    let output = explain(&files, &["tool"]);
    says(output, 0, &["tool is a namespace package: no __init__.py was found, only {}/tool"]);
    let output = explain(&files, &["tool.part"]);
    says(
        output,
        1,
        &[
            "tool.part: not importable: the package tool was found, but it has no module part",
            "tool is a namespace package (no __init__.py), made of {}/tool; none of these has part",
        ],
    );
}

#[test]
fn a_link_to_nowhere_is_named() {
    let output = explain_after(&[], "import os; os.symlink('gone.py', 'tool.py')", &["tool"]);
    says(output, 1, &["{}/tool.py is a link to gone.py, which does not exist"]);
}

#[test]
fn a_cache_without_its_source_is_not_imported() {
    let output = explain(&[("__pycache__/tool.cpython-313.pyc", "x")], &["tool"]);
    says(output, 1, &["tool.cpython-313.pyc is the cache of a source that has gone (tool.py)"]);
}

#[test]
fn an_extension_module_is_for_cpython() {
    let file = "fast.cpython-313-x86_64-linux-gnu.so";
    let output = explain(&[(file, "\x7fELF")], &["fast"]);
    let sentence = format!(
        "all that was found is {{}}/{file}, an extension module for CPython; togil runs pure Python only"
    );
    says(output, 1, &[&sentence]);
    let output =
        explain(&[("pack/__init__.py", "import pack._fast"), ("pack/_fast.so", "x")], &["pack"]);
    says(
        output,
        1,
        &[
            "it was found, but it imports pack._fast ({}/pack/__init__.py:1)",
            "{}/pack/_fast.so, an extension module for CPython",
        ],
    );
}

#[test]
fn the_ending_py_belongs_to_a_file_and_not_to_a_name() {
    let output = explain(&[("tool.py", "")], &["tool.py"]);
    says(
        output,
        1,
        &["tool is a module and no package", "a module's name has no .py at its end: import tool"],
    );
    let output = togil(["explain-import", "dir/tool.py"]).output().exits(2);
    output.complains("'dir/tool.py' is a path: give a module's name");
    togil(["explain-import", ".tool"]).output().exits(2).complains("is relative");
    togil(["explain-import"]).output().exits(2).complains("name the modules");
}

#[test]
fn a_parent_that_is_a_module_has_no_modules() {
    let output = explain(&[("tool.py", "")], &["tool.part"]);
    says(
        output,
        1,
        &[
            "tool.part: not importable: tool is a module and no package, so it cannot have a module tool.part",
        ],
    );
}

#[test]
fn a_parent_that_hides_the_one_with_the_module_is_named() {
    let files = [("pack/__init__.py", ""), ("lib/pack/__init__.py", ""), ("lib/pack/part.py", "")];
    let output = super::with(&files, togil(["explain-import", "pack.part"]));
    let library = output.path().join("lib");
    let output = output.env("PYTHONPATH", library).output();
    says(
        output,
        1,
        &[
            "the package pack was found, but it has no module part",
            "{}/lib/pack/part.py has it, but {}/pack/__init__.py hides that pack",
        ],
    );
}

#[test]
fn entries_of_the_path_that_are_not_there_are_named() {
    let output = togil(["explain-import", "tool"]).file("file.txt", "");
    let path = format!("{0}/missing:{0}/file.txt", output.path().display());
    let output = output.env("PYTHONPATH", path).output();
    says(
        output,
        1,
        &[
            "missing is on the path (from PYTHONPATH), and does not exist",
            "file.txt is on the path (from PYTHONPATH), and is neither a directory nor a zip archive",
        ],
    );
}

#[test]
fn a_module_beside_the_caller_is_not_beside_the_script() {
    let files = [("tool.py", ""), ("bin/main.py", "import tool")];
    let output = explain(&files, &["--script", "bin/main.py", "tool"]);
    says(
        output,
        1,
        &[
            "{}/bin (the script's directory): no",
            "{}/tool.py would be it, but the current directory is not searched: a script's own directory is",
        ],
    );
    let output = explain(&files, &["-P", "tool"]);
    says(
        output,
        1,
        &["the current directory is not searched: -P, -I or PYTHONSAFEPATH leaves it out"],
    );
    says(explain(&files, &["tool"]), 0, &["tool: importable: {}/tool.py"]);
}

#[test]
fn an_environment_that_is_ignored_is_named() {
    let output = togil(["explain-import", "-E", "tool"]).file("lib/tool.py", "");
    let library = output.path().join("lib");
    let output = output.env("PYTHONPATH", library).output();
    says(
        output,
        1,
        &[
            "lib/tool.py would be it, but PYTHONPATH does not count: -E or -I ignores the environment",
        ],
    );
}

#[test]
fn what_was_installed_for_another_python_is_named() {
    let site = ".local/lib/python3.9/site-packages";
    let output = explain(&[(&format!("{site}/tool.py"), "")], &["tool"]);
    says(
        output,
        1,
        &["site-packages/tool.py would be it, but", "it was installed for another Python"],
    );
}

#[test]
fn a_distribution_is_not_named_like_its_module() {
    let output = explain(
        &[("yaml_.py", ""), ("PyYAML-6.0.dist-info/top_level.txt", "yaml_\n")],
        &["pyyaml"],
    );
    says(output, 1, &["PyYAML is the name of what is installed", "its modules are yaml_"]);
}

#[test]
fn a_line_of_a_pth_file_is_named() {
    let site = ".local/lib/python3.14/site-packages";
    let source = format!(
        "import os, site, sys
os.makedirs('{site}'); os.makedirs('extra')
open('{site}/extra.pth', 'w').write('# ours\\n' + os.path.abspath('extra') + '\\n/gone/away\\n')
open('extra/tool.py', 'w').close()
os.environ['PYTHONPATH'] = os.path.abspath('{site}') + ':' + os.path.abspath('extra')"
    );
    let output = explain_after(&[], &source, &["tool", "other"]);
    says(
        output,
        1,
        &[
            "{}/extra (added by {}/.local/lib/python3.14/site-packages/extra.pth:2): {}/extra/tool.py",
            "extra.pth:3 adds /gone/away to the path, which does not exist",
        ],
    );
}

const EDITABLE: &str = "
import sys
MAPPING = {'mine': '/gone/src/mine'}
class _EditableFinder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None
sys.meta_path.append(_EditableFinder)
";

#[test]
fn an_editable_install_that_points_to_nowhere_is_named() {
    let output = togil(["explain-import", "mine"])
        .file("site/__editable___mine_finder.py", EDITABLE)
        .file("site/sitecustomize.py", "import __editable___mine_finder");
    let site = output.path().join("site");
    let output = output.env("PYTHONPATH", site).output();
    says(
        output,
        1,
        &[
            "__editable___mine_finder._EditableFinder: no",
            "is an editable install: it says that mine is at /gone/src/mine, which does not exist any more",
        ],
    );
}

#[test]
fn a_module_of_cpythons_library_that_togil_lacks_is_named() {
    let output = explain(&[], &["_tkinter"]);
    says(
        output,
        1,
        &["_tkinter is a module of CPython's standard library that togil does not have"],
    );
}

#[test]
fn nothing_is_suggested_where_nothing_is_like_it() {
    let output = explain(&[("helper.py", "")], &["qqqqqqqqqqqq"]);
    does_not_say(&says(output, 1, &["no finder knows"]), "note:");
}

#[test]
fn a_list_that_is_older_than_the_directory_is_named() {
    // As if the file had been written within the clock's grain.
    let source = "
import os, sys
try: import fresh
except ImportError: pass
before = os.stat('.')
open('fresh.py', 'w').close()
os.utime('.', ns=(before.st_atime_ns, before.st_mtime_ns))
import fresh
";
    let output = explain(&[("main.py", source)], &["--tree", "main.py"]);
    says(
        output,
        1,
        &[
            "{}/fresh.py is there, but the finder's list of the directory is older: call importlib.invalidate_caches()",
        ],
    );
}
