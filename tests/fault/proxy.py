"""What stands between the workers and a server: it passes bytes on, until it is told to cut, delay, hold or swallow them.

It follows the protocols just far enough to know which request passes: so the answer to a commit can be lost when it matters.
All of it runs in one thread of its own; the methods of Proxy may be called from any other.
"""
import asyncio
import socket
import struct
import threading

CHUNK = 1 << 16
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104


class KafkaRequests:
    """Names the requests of one connection: by the number of their kind."""

    def __init__(self):
        self.rest = b""
        self.skip = 0

    def feed(self, data):
        names = []
        while data:
            if self.skip > 0:
                passed = min(self.skip, len(data))
                self.skip -= passed
                data = data[passed:]
                continue
            self.rest += data
            if len(self.rest) < 6:
                return names
            size, kind = struct.unpack(">ih", self.rest[:6])
            names.append(kind)
            data, self.rest, self.skip = self.rest[6:], b"", size - 2
        return names


class PostgresRequests:
    """Names the prepared statements that one connection executes."""

    def __init__(self):
        self.rest = b""
        self.started = False

    def feed(self, data):
        names = []
        self.rest += data
        while len(self.rest) >= (5 if self.started else 8):
            kind = self.rest[:1] if self.started else b""
            size = struct.unpack(">i", self.rest[len(kind):len(kind) + 4])[0] + len(kind)
            if len(self.rest) < size:
                break
            message, self.rest = self.rest[:size], self.rest[size:]
            if not self.started:
                self.started = struct.unpack(">i", message[4:8])[0] not in (SSL_REQUEST, GSS_REQUEST)
            elif kind == b"B":
                _, statement, *_ = message[5:].split(b"\0", 2)
                names.append(statement.decode())
        return names


class Link:
    """One connection: two directions, each with what is done to its bytes."""

    def __init__(self, client, server, requests):
        self.client, self.server = client, server
        self.requests = requests
        self.held = None
        # Of what the server says from now on only so many bytes come back; None: all.
        self.keep_bytes = None

    def close(self):
        """At once, by a reset: what was on the way is gone."""
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


class Trap:
    """Waits for a request, whichever connection sends it: its answer will be lost."""

    def __init__(self, request, keep_bytes, then_cut_after):
        self.request, self.keep_bytes, self.then_cut_after = request, keep_bytes, then_cut_after
        self.sprung = threading.Event()


class Proxy:
    """Listens at `port` of 127.0.0.1 (0: at a free one, which port then names) and passes on to `target`."""

    def __init__(self, port, target, requests):
        self.port, self.target, self.requests = port, target, requests
        self.links = set()
        self.delay = 0.0
        self.refuses = False
        self.traps = []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.failure = None
        self.thread = threading.Thread(target=self.run, daemon=True)

    def start(self):
        self.thread.start()
        self.ready.wait()
        if self.failure:
            raise self.failure
        return self

    def run(self):
        asyncio.set_event_loop(self.loop)
        try:
            server = self.loop.run_until_complete(asyncio.start_server(self.accept, "127.0.0.1", self.port))
            self.port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self.failure = error
        self.ready.set()
        if not self.failure:
            self.loop.run_forever()

    async def accept(self, reader, client):
        if self.refuses:
            client.transport.abort()
            return
        try:
            server_reader, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            client.transport.abort()
            return
        for writer in (client, server):
            writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, server, self.requests())
        self.links.add(link)
        await asyncio.gather(self.forward(link, reader, server), self.back(link, server_reader, client))
        self.links.discard(link)

    async def pause(self, link):
        if self.delay > 0:
            await asyncio.sleep(self.delay)
        while link.held is not None:
            await link.held.wait()

    async def forward(self, link, reader, writer):
        try:
            while data := await reader.read(CHUNK):
                await self.pause(link)
                self.spring_traps(link, link.requests.feed(data))
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        self.end(link)

    async def back(self, link, reader, writer):
        try:
            while data := await reader.read(CHUNK):
                await self.pause(link)
                if link.keep_bytes is not None:
                    data, link.keep_bytes = data[:link.keep_bytes], max(0, link.keep_bytes - len(data))
                if data:
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        self.end(link)

    def end(self, link):
        """When one side ends the other is ended too: neither server nor client keeps half a connection for long."""
        for writer in (link.client, link.server):
            if not writer.is_closing():
                writer.close()

    # ---- from other threads ----

    def ask(self, what):
        async def answer():
            return what()
        return asyncio.run_coroutine_threadsafe(answer(), self.loop).result(60)

    def some_links(self, chance, share):
        """A random part of the connections; in an order that does not depend on their addresses in memory."""
        links = sorted(self.links, key=lambda link: link.client.get_extra_info("peername") or ())
        return links if share >= 1 else [link for link in links if chance.random() < share] or links[:1]

    def cut(self, chance, share):
        """Resets connections. Returns how many."""
        def do():
            links = self.some_links(chance, share)
            for link in links:
                link.close()
            return len(links)
        return self.ask(do)

    def slow(self, seconds):
        """From now on each piece of data of each connection, in both directions, comes so much later."""
        self.ask(lambda: setattr(self, "delay", seconds))

    def refuse(self, refuses):
        """Whether new connections are reset at once."""
        self.ask(lambda: setattr(self, "refuses", refuses))

    def hold(self, chance, share):
        """Connections stay open, but nothing passes any more; release() resets these. Returns a ticket for it."""
        def do():
            links = self.some_links(chance, share)
            for link in links:
                link.held = link.held or asyncio.Event()
            return links
        return self.ask(do)

    def release(self, links, cut):
        """Ends hold(): what was held back passes, or is lost with its connection."""
        def do():
            for link in links:
                held, link.held = link.held, None
                if held is not None:
                    held.set()
                if cut:
                    link.close()
        self.ask(do)

    def set_trap(self, trap):
        """The server gets the request that it waits for, but of the answer only so many bytes come back, and the connection
        is reset a while later."""
        self.ask(lambda: self.traps.append(trap))
        return trap

    def spring_traps(self, link, names):
        for trap in self.traps:
            if trap.request in names:
                self.traps.remove(trap)
                link.keep_bytes = trap.keep_bytes
                self.loop.call_later(trap.then_cut_after, link.close)
                trap.sprung.set()
                return

    def heal(self):
        def do():
            self.delay, self.refuses = 0.0, False
            self.traps.clear()
            for link in self.links:
                held, link.held = link.held, None
                if held is not None:
                    held.set()
        self.ask(do)
