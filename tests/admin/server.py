"""The server under test, with requests to its admin address as they are on the wire."""

import http.client

from support.gavel import Server
from support.wait import stretched


class AdminServer(Server):
    def admin_answer(self, target, method="GET", body=None, headers=None):
        """(status, headers in lower case, text); a Host among the headers replaces ours."""
        self.find_admin_port()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.admin_port, timeout=stretched(30)
        )
        try:
            sent = dict(headers or {})
            connection.putrequest(
                method, target, skip_host="Host" in sent, skip_accept_encoding=True
            )
            if body is not None:
                sent.setdefault("Content-Length", str(len(body)))
            for name, value in sent.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, got, answer.read().decode()
        finally:
            connection.close()

    def find_admin_port(self):
        if self.admin_port == 0:
            self.admin("/health")
