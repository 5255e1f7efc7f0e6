//! Sockets, and the calls that wait for them.

use crate::harness::prints;

#[test]
fn an_echo_server_serves_clients_in_threads() {
    prints(
        "
        import socket, threading
        server = socket.create_server(('127.0.0.1', 0))
        port = server.getsockname()[1]
        def serve(sock):
            with sock:
                while data := sock.recv(1024):
                    sock.sendall(data)
        def accept():
            for _ in range(8):
                sock, _ = server.accept()
                threading.Thread(target=serve, args=(sock,)).start()
        threading.Thread(target=accept).start()
        good = []
        def client(me):
            with socket.create_connection(('127.0.0.1', port)) as sock:
                for i in range(50):
                    message = f'{me}:{i}'.encode() * 20
                    sock.sendall(message)
                    answer = b''
                    while len(answer) < len(message):
                        answer += sock.recv(len(message) - len(answer))
                    good.append(answer == message)
        clients = [threading.Thread(target=client, args=(me,)) for me in range(8)]
        for thread in clients: thread.start()
        for thread in clients: thread.join()
        server.close()
        print(len(good), all(good))
        ",
        "400 True",
    );
}

#[test]
fn socketserver_and_http_client_work_beside_busy_threads() {
    prints(
        "
        import http.client, http.server, threading
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = self.path.encode()
                self.send_response(200)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=server.serve_forever).start()
        stop = False
        def busy():
            while not stop:
                pass
        threading.Thread(target=busy).start()
        got = []
        def client(me):
            for i in range(5):
                connection = http.client.HTTPConnection('127.0.0.1', server.server_port)
                connection.request('GET', f'/{me}/{i}')
                got.append(connection.getresponse().read() == f'/{me}/{i}'.encode())
                connection.close()
        clients = [threading.Thread(target=client, args=(me,)) for me in range(4)]
        for thread in clients: thread.start()
        for thread in clients: thread.join()
        stop = True
        server.shutdown()
        server.server_close()
        print(got == [True] * 20)
        ",
        "True",
    );
}

#[test]
fn a_large_message_is_sent_whole_while_the_reader_is_slow() {
    prints(
        "
        import hashlib, socket, threading, time
        left, right = socket.socketpair()
        data = bytes(range(256)) * 20_000
        got = bytearray()
        def read():
            time.sleep(0.05)
            while part := right.recv(65536):
                got.extend(part)
        thread = threading.Thread(target=read)
        thread.start()
        left.sendall(data)
        left.sendall(memoryview(data)[:1000])
        left.sendall(bytearray(b'end'))
        left.close()
        thread.join()
        print(bytes(got) == data + data[:1000] + b'end')
        ",
        "True",
    );
}

#[test]
fn timeouts_and_nonblocking_sockets_raise_as_in_cpython() {
    prints(
        "
        import socket
        left, right = socket.socketpair()
        print(left.gettimeout(), left.getblocking())
        left.settimeout(0.05)
        for attempt in (lambda: left.recv(1), lambda: left.recv_into(bytearray(1)),
                        lambda: left.recvfrom(1)):
            try:
                attempt()
            except TimeoutError as error:
                print(error)
        try:
            while True:
                left.send(b'x' * 65536)
        except TimeoutError:
            print('full')
        left.setblocking(False)
        try:
            left.recv(1)
        except BlockingIOError:
            print('would block')
        server = socket.create_server(('127.0.0.1', 0))
        server.settimeout(0.05)
        try:
            server.accept()
        except TimeoutError:
            print('nobody came')
        ",
        "None True\ntimed out\ntimed out\ntimed out\nfull\nwould block\nnobody came",
    );
}

#[test]
fn makefile_reads_and_writes_lines() {
    prints(
        "
        import socket, threading
        left, right = socket.socketpair()
        def serve():
            with right.makefile('rw', encoding='utf-8', newline='\\n') as file:
                for line in file:
                    file.write(line.strip()[::-1] + '\\n')
                    file.flush()
        thread = threading.Thread(target=serve)
        thread.start()
        file = left.makefile('rw', encoding='utf-8', newline='\\n')
        got = []
        for word in ('abc', 'äöü', 'x' * 3000):
            file.write(word + '\\n')
            file.flush()
            got.append(file.readline().strip() == word[::-1])
        left.shutdown(socket.SHUT_WR)
        thread.join()
        print(got)
        ",
        "[True, True, True]",
    );
}

#[test]
fn datagrams_carry_their_address() {
    prints(
        "
        import socket, threading
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        two = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind(('127.0.0.1', 0)); two.bind(('localhost', 0))
        got = []
        thread = threading.Thread(target=lambda: got.append(two.recvfrom(100)))
        thread.start()
        one.sendto(b'hello', two.getsockname())
        thread.join()
        print(got == [(b'hello', one.getsockname())])
        ",
        "True",
    );
}

#[test]
fn a_host_name_outside_ascii_is_encoded_or_refused() {
    // The idna codec is Python code, called from within native ones.
    prints(
        "
        import socket, threading
        stop = False
        def busy():
            while not stop:
                pass
        threading.Thread(target=busy).start()
        def attempt(call, *args):
            try:
                call(*args)
            except (socket.gaierror, UnicodeError) as error:
                print(type(error).__name__)
        bad = 'ü' * 70 + '.invalid'
        attempt(socket.getaddrinfo, bad, 80)
        attempt(socket.gethostbyname, bad)
        attempt(socket.socket().connect, (bad, 80))
        attempt(socket.getaddrinfo, 'ünknown.invalid', 80)
        attempt(socket.socket().connect, ('ünknown.invalid', 80))
        stop = True
        ",
        "UnicodeEncodeError\nUnicodeEncodeError\nUnicodeEncodeError\ngaierror\ngaierror",
    );
}

#[test]
fn names_are_looked_up_in_threads() {
    prints(
        "
        import socket, threading
        got = []
        def work():
            for _ in range(20):
                got.append(socket.getaddrinfo('127.0.0.1', 80)[0][4])
                got.append(socket.gethostbyname('127.0.0.1'))
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(got), set(got) == {('127.0.0.1', 80), '127.0.0.1'})
        ",
        "160 True",
    );
}

#[test]
fn closing_a_listening_socket_from_another_thread_does_not_hang_the_process() {
    prints(
        "
        import socket, threading
        server = socket.create_server(('127.0.0.1', 0))
        server.settimeout(0.2)
        def accept():
            try:
                server.accept()
            except OSError as error:
                print('ended')
        thread = threading.Thread(target=accept)
        thread.start()
        server.close()
        thread.join()
        ",
        "ended",
    );
}
