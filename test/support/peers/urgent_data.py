"""Sends Telnet's Synch as TCP urgent data, which no other client here can: in clear, and beside TLS in a transfer.

Takes one JSON argument (host, port, user, password, caFile) and prints the code of each reply, a line each.
"""

import json
import os
import re
import socket
import ssl
import sys

IAC, INTERRUPT, DATA_MARK = b"\xff", b"\xf4", b"\xf2"

settings = json.loads(sys.argv[1])
address = (settings["host"], settings["port"])
context = ssl.create_default_context(cafile=settings["caFile"])
sock = socket.create_connection(address, timeout=10)
reader = sock.makefile("rb")


def reply():
    line = reader.readline().decode()
    while re.match(r"\d{3}-", line):
        code = line[:3]
        line = reader.readline().decode()
        while not line.startswith(code + " "):
            line = reader.readline().decode()
    print(line[:3], flush=True)
    return line


def command(text):
    sock.sendall(text.encode() + b"\r\n")
    return reply()


def synch(raw):
    """The data mark goes out as the urgent byte, as RFC 854 has it."""
    raw.send(IAC + DATA_MARK, socket.MSG_OOB)


reply()
sock.sendall(IAC + INTERRUPT)
synch(sock)
command("NOOP")

command("AUTH TLS")
raw = socket.socket(fileno=os.dup(sock.fileno()))
reader.detach()
sock = context.wrap_socket(sock, server_hostname="localhost")
reader = sock.makefile("rb")
command("USER " + settings["user"])
command("PASS " + settings["password"])
command("PBSZ 0")
command("PROT P")
port = int(re.search(r"\|(\d+)\|", command("EPSV")).group(1))
data = context.wrap_socket(socket.create_connection((settings["host"], port), timeout=10), server_hostname="localhost")
command("STOR new.txt")
data.sendall(b"some bytes")
# One byte alone: it is taken out of line, and TLS never sees it.
raw.send(DATA_MARK, socket.MSG_OOB)
command("ABOR")
reply()
command("NOOP")
command("QUIT")
