"""Python's ftplib as a peer: runs the steps given as JSON in its argument, and prints one line of JSON for each.

Mode "stock" is ftplib.FTP_TLS as it comes, which never resumes; mode "session" is the subclass that everybody writes to
give the control connection's TLS session to each data connection.
"""

import ftplib
import hashlib
import io
import json
import socket
import ssl
import sys

options = json.loads(sys.argv[1])


class Client(ftplib.FTP_TLS):
    """ftplib.FTP_TLS that remembers whether its last data connection resumed."""

    last_data = None

    def ntransfercmd(self, cmd, rest=None):
        if options["mode"] == "session":
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            if self._prot_p:
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        else:
            conn, size = super().ntransfercmd(cmd, rest)
        # After the transfer, unwrap() has taken the TLS session away.
        if isinstance(conn, ssl.SSLSocket):
            self.last_data = {"sessionReused": conn.session_reused, "version": conn.version()}
        return conn, size


def tls_context():
    context = ssl.create_default_context(cafile=options["caFile"])
    versions = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
    if options.get("tlsVersion"):
        context.minimum_version = context.maximum_version = versions[options["tlsVersion"]]
    return context


def connect(ftp):
    if not options.get("implicit"):
        return ftp.connect(options["host"], options["port"], timeout=options["timeoutSeconds"])
    ftp.host, ftp.port, ftp.timeout = options["host"], options["port"], options["timeoutSeconds"]
    raw = socket.create_connection((ftp.host, ftp.port), ftp.timeout)
    ftp.af = raw.family
    ftp.sock = ftp.context.wrap_socket(raw, server_hostname=ftp.host)
    ftp.file = ftp.sock.makefile("r", encoding=ftp.encoding)
    ftp.welcome = ftp.getresp()
    return ftp.welcome


def lines_of(command):
    lines = []
    reply = ftp.retrlines(command, lines.append)
    return {"reply": reply, "lines": lines}


def download(name, rest=None):
    digest, size = hashlib.sha256(), 0

    def take(chunk):
        nonlocal size
        size += len(chunk)
        digest.update(chunk)

    reply = ftp.retrbinary("RETR " + name, take, rest=rest)
    return {"reply": reply, "bytes": size, "sha256": digest.hexdigest()}


def upload(name, size, command="STOR", rest=None):
    content = bytes(i % 251 for i in range(251)) * (int(size) // 251 + 1)
    content = content[: int(size)]
    reply = ftp.storbinary(command + " " + name, io.BytesIO(content), rest=rest)
    return {"reply": reply, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


STEPS = {
    "connect": lambda: {"reply": connect(ftp)},
    "login": lambda: {"reply": ftp.login(options["user"], options["password"])},
    "prot_p": lambda: {"reply": ftp.prot_p()},
    "nlst": lambda: {"lines": ftp.nlst()},
    "mlsd": lambda: {"lines": [name for name, _ in ftp.mlsd()]},
    "list": lambda: lines_of("LIST"),
    "retr": download,
    "stor": upload,
    "appe": lambda name, size: upload(name, size, command="APPE"),
    "cwd": lambda path: {"reply": ftp.cwd(path)},
    "mkd": lambda path: {"reply": ftp.mkd(path)},
    "rmd": lambda path: {"reply": ftp.rmd(path)},
    "rename": lambda old, new: {"reply": ftp.rename(old, new)},
    "delete": lambda path: {"reply": ftp.delete(path)},
    "size": lambda path: {"bytes": ftp.size(path)},
    "active": lambda: ftp.set_pasv(False) or {},
    "pwd": lambda: {"reply": ftp.pwd()},
    "noop": lambda: {"reply": ftp.sendcmd("NOOP")},
    "quit": lambda: {"reply": ftp.quit()},
}


def run(step, *arguments):
    ftp.last_data = None
    line = {"step": step}
    try:
        line |= {"ok": True, **STEPS[step](*arguments)}
    except (ftplib.Error, OSError, EOFError) as error:
        line |= {"ok": False, "error": type(error).__name__, "message": str(error)}
    if ftp.last_data:
        line |= ftp.last_data
    elif isinstance(ftp.sock, ssl.SSLSocket):
        line |= {"version": ftp.sock.version()}
    print(json.dumps(line), flush=True)
    return line["ok"]


ftp = Client(context=tls_context())
failed = False
for step in [["connect"], ["login"], ["prot_p"], *options["steps"], ["quit"]]:
    if run(*step):
        continue
    failed = True
    # Whether the login outlives a failed step is part of what is asked.
    if step[0] in ("connect", "login", "prot_p", "quit") or not run("pwd"):
        break
sys.exit(1 if failed else 0)
