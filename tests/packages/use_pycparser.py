from pycparser import c_ast, c_generator, c_parser

tree = c_parser.CParser().parse("int f(int *a) { for (int i = 0; i < 3; i++) a[i] += i; return a[0]; }")
functions = [node.decl.name for node in tree.ext if isinstance(node, c_ast.FuncDef)]
assert functions == ["f"] and "a[i] += i;" in c_generator.CGenerator().visit(tree)
