import networkx as nx

graph = nx.Graph()
graph.add_weighted_edges_from([("a", "b", 1), ("b", "c", 2), ("a", "c", 5), ("c", "d", 1)])
assert nx.shortest_path(graph, "a", "d", weight="weight") == ["a", "b", "c", "d"]
assert sorted(nx.minimum_spanning_tree(graph).edges) == [("a", "b"), ("b", "c"), ("c", "d")]
assert nx.is_directed_acyclic_graph(nx.DiGraph([(1, 2), (2, 3)]))
assert list(nx.topological_sort(nx.DiGraph([(1, 2), (2, 3)]))) == [1, 2, 3]
assert nx.maximum_flow_value(nx.DiGraph([(1, 2, {"capacity": 3}), (2, 3, {"capacity": 2})]), 1, 3) == 2
