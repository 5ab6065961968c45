# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP proxy that answers every CONNECT with the same bytes, and remembers what it was asked."""
import socket
import threading


class BluntProxy:
    """with BluntProxy(b"HTTP/1.1 407 ...") as proxy: proxy.url("user:password@"), proxy.heads"""

    def __init__(self, answer):
        self.answer, self.heads = answer, []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def url(self, credentials=""):
        return f"http://{credentials}127.0.0.1:{self.port}"

    def start(self):
        self._thread.start()
        return self

    def _serve(self):
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer):
        with peer:
            peer.settimeout(30)
            try:
                text = b""
                while chunk := peer.recv(4096):
                    text += chunk
                    while b"\r\n\r\n" in text:
                        head, _, text = text.partition(b"\r\n\r\n")
                        self.heads.append(head.decode(errors="replace"))
                        peer.sendall(self.answer)
            except OSError:
                pass

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()
