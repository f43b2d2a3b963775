"""Debian's pyftpdlib with one account: settings come as JSON in the only argument, its log goes to standard error."""
import json
import logging
import sys

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

settings = json.loads(sys.argv[1])
logging.basicConfig(level=logging.INFO)
authorizer = DummyAuthorizer()
authorizer.add_user(settings["user"], settings["password"], settings["root"], perm="elradfmwMT")


class Handler(TLS_FTPHandler):
    certfile = settings["identityFile"]
    tls_control_required = True
    tls_data_required = True
    use_gmt_times = True


Handler.authorizer = authorizer
unwanted = {"1.2": SSL.OP_NO_TLSv1_3, "1.3": SSL.OP_NO_TLSv1_2, "both": 0}
Handler.ssl_options = Handler.ssl_options | unwanted[settings["tlsVersions"]]
FTPServer(("127.0.0.1", settings["port"]), Handler).serve_forever(handle_exit=True)
