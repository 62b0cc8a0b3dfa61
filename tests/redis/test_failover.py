"""Replicas, sentinels and a cluster: the master changes, and the rooms' order goes on.

Faults F14, F16 and F17 of the reliability matrix."""

import contextlib
import subprocess

from .player import Player, judge
from support.gavel import Server
from support.process import free_port
from support.redis_server import RedisError, RedisServer
from support.wait import stretched, wait_until


def replica_of(master, **config):
    return RedisServer(replicaof=f"127.0.0.1 {master.port}", **config)


def is_in_step(master):
    return "state=online" in master.command("INFO", "replication")


def is_master(redis):
    try:
        return "role:master" in redis.command("INFO", "replication")
    except (OSError, RedisError):
        return False  # it closes connections when its role changes


def test_nothing_is_shown_that_the_replica_does_not_have(redis, room):
    with replica_of(redis) as replica:
        wait_until(lambda: is_in_step(redis), "the replica follows")
        with Server(store=redis.url, args=["--redis-wait-replicas", "1"]) as server:
            client = server.joined(room)
            client.send_json({"type": "say", "text": "both have it"})
            client.collect(1)
            replica.freeze()
            client.send_json({"type": "say", "text": "only the master has it"})
            wait_until(lambda: server.admin("/ready")[0] == 503, "the server says that it waits")
            client.send_json({"type": "leave"})
            seen = client.until(lambda obj: obj.get("type") == "left")
            assert seen["type"] == "left" and len(client.seen) == 1
            again = server.joined(room)
            assert again.joined["msg_id"] == 1
            replica.thaw()
            assert again.collect(2)[1]["text"] == "only the master has it"


def test_a_failover_after_wait_loses_nothing(redis, room):
    """The master is killed and the replica takes its place; sentinels tell where it is."""
    with replica_of(redis) as replica:
        wait_until(lambda: is_in_step(redis), "the replica follows")
        lines = [
            f"sentinel monitor game 127.0.0.1 {redis.port} 1",
            "sentinel down-after-milliseconds game 1000",
            "sentinel failover-timeout game 3000",
        ]
        with RedisServer(program="redis-sentinel", lines=lines) as sentinel:
            play_through_a_failover(redis, replica, sentinel, room)


def play_through_a_failover(redis, replica, sentinel, room):
    args = ["--redis-sentinel", f"127.0.0.1:{sentinel.port}", "--redis-sentinel-master", "game"]
    args += ["--redis-wait-replicas", "1", "--redis-timeout", "1s"]
    with Server(store=redis.url, args=args) as server:
        players = [Player(f"p{i}", [server.port], room, 60, seed=i) for i in range(2)]
        for player in players:
            player.start()
        wait_until(lambda: all(len(player.own) > 5 for player in players), "they play")
        redis.kill9()
        wait_until(lambda: is_master(replica), "a new master", 30)
        # Nobody replicates the new master: it must be given a replica before anything is shown.
        redis.config["replicaof"] = f"127.0.0.1 {replica.port}"
        redis.start()
        for player in players:
            player.join()
        contents = judge(players)
        assert len({epoch for epoch, _ in contents}) == 1


@contextlib.contextmanager
def cluster(replicas=True):
    """Three masters, each with a replica."""
    with contextlib.ExitStack() as stack:
        nodes = []
        for _ in range(6 if replicas else 3):
            node = RedisServer(
                appendonly="yes",
                appendfsync="always",
                cluster_enabled="yes",
                cluster_node_timeout="1500",
                cluster_port=free_port(),
            )
            nodes.append(stack.enter_context(node))
        command = ["redis-cli", "--cluster", "create"]
        command += [f"127.0.0.1:{node.port}" for node in nodes]
        command += ["--cluster-replicas", "1" if replicas else "0", "--cluster-yes"]
        subprocess.run(command, check=True, capture_output=True, timeout=stretched(60))
        wait_until(
            lambda: all("cluster_state:ok" in n.command("CLUSTER", "INFO") for n in nodes),
            "the cluster is up",
            60,
        )
        yield nodes


def cluster_url(nodes):
    return "redis-cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes[:2])


def start_players(servers, rooms, count):
    ports = [server.port for server in servers]
    players = {}
    for number, room in enumerate(rooms):
        players[room] = [
            Player(f"p{i}", ports, room, count, seed=10 * number + i, seconds=150) for i in range(2)
        ]
        for player in players[room]:
            player.start()
    return players


def judge_all(players):
    for of_room in players.values():
        for player in of_room:
            player.join()
        contents = judge(of_room)
        assert len({epoch for epoch, _ in contents}) == 1


def test_a_cluster_keeps_order_while_slots_move_and_a_master_dies():
    with cluster() as nodes:
        url = cluster_url(nodes)
        with Server(store=url) as one, Server(store=url) as two:
            rooms = [f"room-{i}" for i in range(8)]
            players = start_players([one, two], rooms, 150)
            everybody = [player for of_room in players.values() for player in of_room]
            wait_until(lambda: all(len(player.own) > 3 for player in everybody), "they play", 60)
            move_slots(nodes)
            wait_until(lambda: sum(len(p.own) for p in everybody) > 200, "they play on", 60)
            nodes[0].kill9()
            wait_until(
                lambda: "cluster_state:ok" in nodes[1].command("CLUSTER", "INFO"), "a failover", 60
            )
            judge_all(players)


def move_slots(nodes):
    ids = [node.command("CLUSTER", "MYID") for node in nodes[:3]]
    command = ["redis-cli", "--cluster", "reshard", f"127.0.0.1:{nodes[0].port}"]
    command += ["--cluster-from", ids[1], "--cluster-to", ids[2]]
    command += ["--cluster-slots", "2500", "--cluster-yes"]
    subprocess.run(command, check=True, capture_output=True, timeout=stretched(120))
