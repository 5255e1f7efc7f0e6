//! `SharedDict`: compound operations, and Python code in the middle of them.

use crate::harness::prints;

#[test]
fn an_update_runs_its_function_once_and_alone_for_its_key() {
    prints(
        "
        import threading, time, togil
        table, calls, inside = togil.SharedDict(), togil.AtomicInt(), togil.AtomicInt()
        def step(value):
            calls.add()
            assert inside.add() == 1
            time.sleep(0.0005)
            inside.sub()
            return value + (calls.get() * 0 + 1,)
        def work():
            for _ in range(25):
                table.update_with('key', step, ())
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        seen = set()
        while any(thread.is_alive() for thread in threads):
            seen.add(len(table.get('key', ())))
        for thread in threads: thread.join()
        print(len(table['key']), calls.get(), seen <= set(range(101)))
        ",
        "100 100 True",
    );
}

#[test]
fn writers_of_a_key_wait_for_its_update_and_readers_do_not() {
    prints(
        "
        import threading, time, togil
        table = togil.SharedDict({'key': 1, 'other': 5})
        entered, leave, done = threading.Event(), threading.Event(), []
        def slow(value):
            entered.set()
            leave.wait()
            return value + 1
        updater = threading.Thread(target=table.update_with, args=('key', slow))
        updater.start()
        entered.wait()
        def write(what, *args):
            done.append((args[0] if args else 'clear', what(*args)))
        writers = [threading.Thread(target=write, args=(table.pop, 'key', 'gone')),
                   threading.Thread(target=write, args=(table.pop, 'other'))]
        for writer in writers: writer.start()
        writers[1].join()
        time.sleep(0.05)
        print(table['key'], table.items(), 'key' in table, done)
        leave.set()
        writers[0].join()
        updater.join()
        print(done, table)
        ",
        "1 [('key', 1)] True [('other', 5)]\n[('other', 5), ('key', 2)] SharedDict({})",
    );
}

#[test]
fn an_update_that_raises_changes_nothing_and_one_must_not_write_to_its_own_dict() {
    prints(
        "
        import togil
        table, other = togil.SharedDict(), togil.SharedDict()
        try:
            table.update_with('key', lambda value: 1 / 0)
        except ZeroDivisionError:
            print(table, 'key' in table)
        for write in (lambda: table.pop('b', None), lambda: table.increment('key'), table.clear,
                      lambda: table.__setitem__('b', 1), lambda: table.setdefault('b')):
            try:
                table.update_with('key', lambda value: write())
            except RuntimeError as error:
                print(error)
        print(table.update_with('key', lambda value: other.increment('seen') + len(table)), table, other)
        ",
        &format!(
            "SharedDict({{}}) False\n{}1 SharedDict({{'key': 1}}) SharedDict({{'seen': 1}})",
            "SharedDict: code that runs inside update_with(), increment() or compare_and_swap() \
             must not write to the same dict\n"
                .repeat(5)
        ),
    );
}

#[test]
fn a_shared_dict_is_a_dict_where_it_can_be() {
    prints(
        "
        import togil
        d = togil.SharedDict([('a', 1), ('b', 2)])
        d['c'] = 3
        d['a'] = 10
        del d['b']
        print(d, len(d), list(d), 'a' in d, d.keys(), d.values(), d.items(), d.copy())
        print(d.get('x'), d.get('x', 0), d.pop('c'), d.pop('c', None), d.setdefault('z', []), d)
        for missing in (lambda: d['x'], lambda: d.pop('x'), lambda: d.__delitem__('x')):
            try:
                missing()
            except KeyError as error:
                print(repr(error))
        print(d.compare_and_swap('a', 10.0, 11), d.compare_and_swap('a', 10, 12), d['a'])
        print(d.compare_and_swap('x', None, 1), 'x' in d)
        print(d.increment('a', -1), d.increment('s', 0.5), d[10] if 10 in d else 'no', 1 in d)
        d[1] = 'int'
        print(d[True], d[1.0])
        d['self'] = d
        print(d)
        d.clear()
        print(d, bool(d), list(iter(d)))
        try:
            d[[]] = 1
        except TypeError as error:
            print(error)
        ",
        "SharedDict({'a': 10, 'c': 3}) 2 ['a', 'c'] True ['a', 'c'] [10, 3] [('a', 10), ('c', 3)] \
         {'a': 10, 'c': 3}\n\
         None 0 3 None [] SharedDict({'a': 10, 'z': []})\n\
         KeyError('x')\nKeyError('x')\nKeyError('x')\n\
         True False 11\nFalse False\n10 0.5 no False\nint int\n\
         SharedDict({'a': 10, 'z': [], 's': 0.5, 1: 'int', 'self': SharedDict(...)})\n\
         SharedDict({}) False []\n\
         unhashable type: 'list'",
    );
}

#[test]
fn keys_whose_comparison_is_python_code_may_use_the_dict_in_it() {
    prints(
        "
        import threading, togil
        d = togil.SharedDict()
        class Key:
            def __init__(self, name): self.name = name
            def __hash__(self): return 0
            def __eq__(self, other):
                len(d), d.get('x'), d.increment('compared')
                return self.name == other.name
        def work():
            for i in range(50):
                d.setdefault(Key(i % 5), i)
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        names = sorted(key.name for key in d.keys() if isinstance(key, Key))
        print(names, d['compared'] > 0)
        class Bad:
            def __hash__(self): return 0
            def __eq__(self, other): raise OSError('no')
        d = togil.SharedDict({Bad(): 1})
        try:
            d.get(Bad())
        except OSError as error:
            print(error)
        ",
        "[0, 1, 2, 3, 4] True\nno",
    );
}
