//! `select`, `poll` and `epoll`.

use crate::harness::prints;

#[test]
fn select_poll_and_epoll_report_what_is_ready() {
    prints(
        "
        import select, socket
        left, right = socket.socketpair()
        other, _keep = socket.socketpair()
        print(select.select([left], [], [], 0), select.select([left], [], [], 0.02))
        right.send(b'x')
        ready = select.select([other, left], [left], [], 30)
        print(ready == ([left], [left], []), select.select([left.fileno()], [], [])[0] == [left.fileno()])
        poll = select.poll()
        poll.register(left, select.POLLIN)
        poll.register(other, select.POLLIN)
        print(poll.poll() == [(left.fileno(), select.POLLIN)])
        with select.epoll() as epoll:
            epoll.register(left, select.EPOLLIN)
            print(epoll.poll(30) == [(left.fileno(), select.EPOLLIN)])
            left.recv(1)
            print(epoll.poll(0.02), epoll.poll(0), poll.poll(0), poll.poll(20))
        ",
        "([], [], []) ([], [], [])\nTrue True\nTrue\nTrue\n[] [] [] []",
    );
}

#[test]
fn readiness_calls_wake_when_another_thread_sends() {
    prints(
        "
        import select, selectors, socket, threading
        def ready_by(wait):
            left, right = socket.socketpair()
            timer = threading.Timer(0.05, right.send, (b'x',))
            timer.start()
            result = wait(left)
            timer.join()
            return bool(result)
        def poll(sock):
            poller = select.poll()
            poller.register(sock, select.POLLIN)
            return poller.poll(50_000)
        def epoll(sock):
            with select.epoll() as poller:
                poller.register(sock, select.EPOLLIN)
                return poller.poll(50)
        def selector(sock):
            with selectors.DefaultSelector() as chosen:
                chosen.register(sock, selectors.EVENT_READ)
                return chosen.select(50)
        print([ready_by(wait) for wait in (
            lambda sock: select.select([sock], [], [], 50)[0], poll, epoll, selector,
            lambda sock: sock.recv(1), lambda sock: sock.recv_into(bytearray(4)))])
        ",
        "[True, True, True, True, True, True]",
    );
}

#[test]
fn select_takes_objects_with_a_fileno_in_python() {
    prints(
        "
        import select, socket
        class Wrapped:
            def __init__(self, sock): self.sock = sock
            def fileno(self): return self.sock.fileno()
        left, right = socket.socketpair()
        mine = Wrapped(left)
        right.send(b'x')
        print(select.select([mine], [], [], 30)[0] == [mine])
        try:
            select.select([object()], [], [], 0.01)
        except TypeError as error:
            print('TypeError')
        ",
        "True\nTypeError",
    );
}
