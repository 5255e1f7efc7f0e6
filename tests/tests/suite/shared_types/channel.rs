//! `Channel` and `select`.

use crate::harness::prints;

#[test]
fn every_item_of_several_senders_arrives_once_and_in_order() {
    prints(
        "
        import threading, togil
        first, second = togil.Channel(3), togil.Channel(1)
        def produce(me):
            for i in range(500):
                first.send((me, i))
        def forward():
            for item in first:
                second.send(item)
        got = []
        def consume():
            for item in second:
                got.append(item)
        producers = [threading.Thread(target=produce, args=(me,)) for me in range(3)]
        forwarder, consumer = threading.Thread(target=forward), threading.Thread(target=consume)
        for thread in [*producers, forwarder, consumer]: thread.start()
        most = 0
        for thread in producers:
            while thread.is_alive():
                most = max(most, first.qsize())
            thread.join()
        first.close()
        forwarder.join()
        second.close()
        consumer.join()
        print(all([i for who, i in got if who == me] == list(range(500)) for me in range(3)))
        print(len(got), most <= 3)
        # Several consumers: each item once, and each consumer sees a sender's items in order.
        line, seen = togil.Channel(2), [[] for _ in range(3)]
        consumers = [threading.Thread(target=lambda mine: mine.extend(line), args=(mine,)) for mine in seen]
        for thread in consumers: thread.start()
        for i in range(1_000): line.send(i)
        line.close()
        for thread in consumers: thread.join()
        print(sorted(sum(seen, [])) == list(range(1_000)), all(mine == sorted(mine) for mine in seen))
        ",
        "True\n1500 True\nTrue True",
    );
}

#[test]
fn waiting_for_a_channel_ends_when_the_time_is_over() {
    prints(
        "
        import time, togil
        empty, full = togil.Channel(1), togil.Channel(1)
        full.send('item')
        for wait in (lambda t: empty.recv(timeout=t), lambda t: full.send('more', timeout=t),
                     lambda t: empty.recv(t), lambda t: togil.select([empty, empty], timeout=t)):
            for timeout in (0, 0.1):
                start = time.monotonic()
                try:
                    wait(timeout)
                except TimeoutError as error:
                    print(error, timeout <= time.monotonic() - start < 20)
        print(full.recv(timeout=0), full.capacity, full.closed, full)
        for wrong in (-1, float('nan'), 1e300, 'soon'):
            try:
                empty.recv(timeout=wrong)
            except (ValueError, OverflowError, TypeError) as error:
                print(type(error).__name__)
        for capacity in (0, -1):
            try:
                togil.Channel(capacity)
            except ValueError as error:
                print(error)
        ",
        "recv() timed out True\nrecv() timed out True\nsend() timed out True\nsend() timed out True\n\
         recv() timed out True\nrecv() timed out True\nselect() timed out True\nselect() timed out True\n\
         item 1 False <Channel 0/1>\n\
         ValueError\nValueError\nOverflowError\nTypeError\n\
         Channel: capacity must be at least 1\nChannel: capacity must be at least 1",
    );
}

#[test]
fn closing_wakes_all_who_wait_and_leaves_what_is_there() {
    prints(
        "
        import threading, time, togil
        empty, full, seen = togil.Channel(1), togil.Channel(1), []
        full.send('left')
        def attempt(wait):
            try:
                wait()
            except togil.ChannelClosed as error:
                seen.append(str(error))
        waits = [empty.recv, empty.recv, lambda: togil.select([empty]), lambda: full.send(1), lambda: full.send(2)]
        threads = [threading.Thread(target=attempt, args=(wait,)) for wait in waits]
        for thread in threads: thread.start()
        time.sleep(0.1)
        start = time.monotonic()
        empty.close()
        full.close()
        for thread in threads: thread.join()
        print(*sorted(seen), time.monotonic() - start < 20, sep='\\n')
        print(list(full), list(full), full.closed, full)
        with togil.Channel(1) as channel:
            channel.send(1)
        print(channel.closed, list(channel), issubclass(togil.ChannelClosed, Exception))
        ",
        "recv() on a channel that is closed and empty\nrecv() on a channel that is closed and empty\n\
         select(): all channels are closed and empty\nsend() on a closed channel\n\
         send() on a closed channel\nTrue\n['left'] [] True <Channel 0/1, closed>\nTrue [1] True",
    );
}

#[test]
fn select_takes_what_comes_first_and_nothing_twice() {
    prints(
        "
        import threading, togil
        lines = [togil.Channel(1) for _ in range(3)]
        def produce(line, me):
            for i in range(300):
                line.send((me, i))
            line.close()
        got, lock = [], threading.Lock()
        def consume():
            while True:
                try:
                    channel, item = togil.select(lines)
                except togil.ChannelClosed:
                    return
                assert channel is lines[item[0]]
                with lock:
                    got.append(item)
        threads = [threading.Thread(target=produce, args=(line, me)) for me, line in enumerate(lines)]
        threads += [threading.Thread(target=consume) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(sorted(got) == [(me, i) for me in range(3) for i in range(300)])
        a, b = togil.Channel(1), togil.Channel(1)
        b.send('b'); a.send('a')
        print(togil.select((a, b))[1], togil.select((a, b), timeout=5)[1])
        for wrong in ([], [a, 1], a.capacity):
            try:
                togil.select(wrong)
            except (ValueError, TypeError) as error:
                print(error)
        threading.Timer(0.05, b.send, ['late']).start()
        print(togil.select([a, b])[1])
        ",
        "True\na b\nselect() needs at least one channel\n\
         select(): channels[1] is a int, not a Channel\n'int' object is not iterable\nlate",
    );
}
