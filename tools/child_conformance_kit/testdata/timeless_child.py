"""A child written straight on HTTP/2 that answers health checks and never heard of grpc-timeout."""

import os
import socket
import struct
import threading

import h2.config
import h2.connection
import h2.events

SERVING = b"\x08\x01"


def answer(connection, stream):
    connection.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
    connection.send_data(stream, struct.pack(">BI", 0, len(SERVING)) + SERVING)
    connection.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def serve(peer):
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    connection.initiate_connection()
    peer.sendall(connection.data_to_send())
    while data := peer.recv(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.StreamEnded):
                answer(connection, event.stream_id)
        peer.sendall(connection.data_to_send())


listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(os.environ["STARLING_SOCKET"])
listener.listen()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
