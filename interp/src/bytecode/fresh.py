def _ask_first(slow, get_data, path_stats):
    def get_code(self, fullname):
        if (
            self.__class__ is SourceFileLoader
            and SourceFileLoader.get_data is get_data
            and SourceFileLoader.path_stats is path_stats
        ):
            try:
                cache_path = cache_from_source(self.get_filename(fullname))
            except NotImplementedError:
                return slow(self, fullname)
            code = _fresh_code(self.path, cache_path)
            if code is not None:
                return code
        return slow(self, fullname)

    get_code.__doc__ = slow.__doc__
    get_code.__qualname__ = slow.__qualname__
    SourceLoader.get_code = get_code


_ask_first(SourceLoader.get_code, SourceFileLoader.get_data, SourceFileLoader.path_stats)
del _ask_first
