from hypothesis import given, settings, strategies as st


@settings(max_examples=50, database=None, deadline=None)
@given(st.lists(st.integers()), st.text(max_size=5))
def holds(numbers, text):
    assert sorted(sorted(numbers)) == sorted(numbers)
    assert text.encode().decode() == text


holds()


@settings(max_examples=500, database=None, deadline=None, print_blob=False, derandomize=True)
@given(st.integers())
def fails(n):
    assert n < 100


try:
    fails()
except AssertionError as error:
    # Made as small as it can be.
    assert any("n=100" in note for note in error.__notes__), error.__notes__
else:
    raise AssertionError("nothing found")
