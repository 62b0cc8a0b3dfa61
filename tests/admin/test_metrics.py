"""/metrics: well formed, right, bounded (row B70); the alerts and the dashboard made of it."""

import json
import re
import subprocess
import urllib.parse
import urllib.request

from admin.description import ROOT
from support.process import Process, free_port
from support.wait import stretched, wait_until

RULES = ROOT / "packaging/prometheus"
DASHBOARD = ROOT / "packaging/grafana/gavel-dashboard.json"
# Nothing of these happens in the test: their panels are empty, and should be.
QUIET = {"gavel_errors_total", "gavel_disconnects_total"}


def metrics(server):
    status, headers, text = server.admin_answer("/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain; version=0.0.4")
    return text


def value(text, name):
    return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[1])


def promtool(*arguments, text=None):
    done = subprocess.run(
        ["promtool", *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=RULES,
        timeout=stretched(60),
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_finds_the_page_well_formed(server):
    client = server.joined("metrics")
    client.send_json({"type": "m"})
    client.collect(1)
    client.send_frame("nonsense")
    client.recv()
    promtool("check", "metrics", text=metrics(server))


def test_counters_say_what_happened(server):
    before = metrics(server)
    a, b = server.joined("counted"), server.joined("counted")
    for _ in range(10):
        a.send_json({"type": "m"})
    a.collect(10)
    b.collect(10)

    def rise(name):
        return value(metrics(server), name) - value(before, name)

    assert rise("gavel_messages_sequenced_total") == 10
    assert rise("gavel_joins_total") == 2
    wait_until(lambda: rise("gavel_messages_delivered_total") == 20, "twenty deliveries")
    for name in ("gavel_sequencing_seconds", "gavel_delivery_seconds"):
        assert rise(name + "_count") == 10
        assert rise(name + "_sum") > 0
        assert value(metrics(server), name + '_bucket{le="+Inf"}') == value(
            metrics(server), name + "_count"
        )
    assert rise("gavel_store_append_seconds_count") >= 1


def test_b70_a_flood_of_room_names_adds_no_line(server):
    def lines():
        return {line.split(" ")[0] for line in metrics(server).splitlines() if line[0] != "#"}

    client = server.joined("flood-0")
    before = lines()
    for i in range(1, 1500):
        client.leave()
        client.join(f"flood-{i}")
    after = lines()
    assert after == before
    assert not [line for line in after if "flood" in line]
    labels = set(re.findall(r"[{,](\w+)=", "\n".join(after)))
    assert labels <= {"le", "shard", "code", "version"}


def test_the_alerts_are_well_formed_and_fire_when_they_should():
    promtool("check", "rules", "gavel.rules.yml")
    promtool("test", "rules", "gavel.rules.test.yml")


def test_alerts_and_dashboard_use_metrics_that_exist(server):
    text = metrics(server)
    known = set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))
    known |= {name + end for name in known for end in ("_bucket", "_sum", "_count")}
    used = (RULES / "gavel.rules.yml").read_text() + DASHBOARD.read_text()
    names = set(re.findall(r"\b((?:gavel|process)_\w+?)(?=[{\[ ,)])", used))
    assert names
    assert names <= known, names - known


def dashboard_queries():
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def filled_in(expression):
    for variable, chosen in (("$job", "gavel"), ("$instance", ".*"), ("$__rate_interval", "10s")):
        expression = expression.replace(variable, chosen)
    return expression


class Prometheus:
    """A Prometheus of this test alone, that scrapes the server each second."""

    def __init__(self, folder, admin_port):
        config = folder / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s}\n"
            f"rule_files: ['{RULES / 'gavel.rules.yml'}']\n"
            "scrape_configs:\n"
            "  - job_name: gavel\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{admin_port}']}}]\n"
        )
        while True:
            self.port = free_port()
            self.process = Process(
                [
                    "prometheus",
                    f"--config.file={config}",
                    f"--storage.tsdb.path={folder / 'data'}",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                None,
                folder,
            )
            if wait_until(self.has_begun, "Prometheus begins", 60) == "ready":
                return
            # Somebody else took the port meanwhile.
            assert "address already in use" in self.process.stderr, self.process.stderr

    def has_begun(self):
        if not self.process.is_running():
            return "ended"
        return "ready" if "Server is ready" in self.process.stderr else None

    def query(self, expression):
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression}
        )
        with urllib.request.urlopen(url, timeout=stretched(20)) as answer:
            return json.load(answer)["data"]["result"]


def test_every_panel_of_the_dashboard_shows_real_data(server, tmp_path):
    server.find_admin_port()
    prometheus = Prometheus(tmp_path, server.admin_port)
    try:
        client = server.joined("dashboard")
        queries = list(dashboard_queries())
        assert len(queries) > 25

        def empty():
            client.send_json({"type": "m"})
            client.collect(1)
            left = [
                title
                for title, expression in queries
                if not any(name in expression for name in QUIET)
                and not any(
                    sample["value"][1] != "NaN"
                    for sample in prometheus.query(filled_in(expression))
                )
            ]
            return left

        wait_until(lambda: not empty(), "every panel has data", 90)
        rate = prometheus.query(
            filled_in('sum(rate(gavel_messages_sequenced_total{job="$job"}[$__rate_interval]))')
        )
        assert float(rate[0]["value"][1]) > 0
    finally:
        prometheus.process.kill()
