"""The Godot 3 script of docs/godot.md, in a headless Godot, against a server that it loses."""

import json
import pathlib
import re
import shutil

import pytest
from support.gavel import ROOT, Server
from support.process import Process
from support.proxy import Proxy
from support.wait import wait_until

HERE = pathlib.Path(__file__).resolve().parent
SCRIPT = re.compile(r"^## Godot 3$.*?^```gdscript\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Player:
    """A running game; `messages` and `gaps` are what its room handed on."""

    def __init__(self, folder, port, room):
        engine = shutil.which("godot3-server")
        assert engine, "godot3-server is not installed: tools/install test"
        url = f"ws://127.0.0.1:{port}/"
        home = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        self.process = Process(
            [engine, "--path", folder, "-s", "player.gd", url, room], env=home, cwd=folder
        )

    def told(self, word):
        return [line for line in self.process.stdout_lines if line.split(" ")[0] == word]

    def messages(self):
        return [json.loads(line.split(" ", 1)[1]) for line in self.told("message")]

    def await_messages(self, count):
        wait_until(
            lambda: len(self.messages()) >= count or not self.process.is_running(),
            f"{count} messages in the game",
            60,
        )
        return self.messages()


@pytest.fixture
def game(tmp_path):
    """A Godot project with the script that the page shows."""
    page = (ROOT / "docs/godot.md").read_text()
    for name in ("project.godot", "player.gd"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "room.gd").write_text(SCRIPT.search(page).group(1))
    return tmp_path


def test_a_game_gets_the_rooms_order_and_comes_back_as_the_same_player(game):
    with Server(store=f"rocks:{game}/data") as server, Proxy(server.port) as proxy:
        other = server.joined("godot")
        other.send_json({"type": "say", "text": "before you came"})
        player = Player(game, proxy.port, "godot")
        player.await_messages(2)
        for count, how in ((4, "reset"), (6, "close")):
            proxy.cut(how)
            other.send_json({"type": "say", "text": f"while you were away: {how}"})
            player.await_messages(count)
        server.kill9()
        server.start()
        other = server.joined("godot")
        other.send_json({"type": "say", "text": "after a crash"})
        seen = player.await_messages(8)
        assert [message["msg_id"] for message in seen] == list(range(1, 9))
        answers = [message for message in seen if message["type"] == "answer"]
        assert [answer["to"] for answer in answers] == [
            message["msg_id"] for message in seen if message["type"] == "say"
        ]
        assert len({answer["client_id"] for answer in answers}) == 1
        assert player.told("gap") == []

        other.send_json({"type": "quit"})
        wait_until(lambda: not player.process.is_running(), "the end of the game", 60)
        faults = re.findall(r".*(?:SCRIPT ERROR|Object:|res://).*", player.process.stderr)
        assert faults == []


def test_a_game_is_told_when_the_room_begins_anew(game):
    with Server(store="memory") as server:
        server.joined("godot").send_json({"type": "say", "text": "forgotten"})
        player = Player(game, server.port, "godot")
        player.await_messages(2)
        server.kill9()
        server.start()
        wait_until(lambda: player.told("gap"), "a gap", 60)
        other = server.joined("godot")
        other.send_json({"type": "quit"})
        wait_until(lambda: not player.process.is_running(), "the end of the game", 60)
        assert player.messages()[-1]["type"] == "quit"
        assert player.messages()[-1]["msg_id"] == 1
