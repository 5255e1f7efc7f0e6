"""What `race_import` imports."""

value = object()
