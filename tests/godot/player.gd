extends SceneTree
# What a game would do with the room of docs/godot.md, told on stdout for the test:
#   godot3-server --path DIR -s player.gd URL ROOM
# A message of type "say" is answered with an "answer" that names its msg_id; "quit" ends the game.

var room

func _init():
    var words = OS.get_cmdline_args()
    room = load("res://room.gd").new()
    room.url = words[words.size() - 2]
    room.room = words[words.size() - 1]
    room.connect("message", self, "_on_message")
    room.connect("gap", self, "_on_gap")
    get_root().add_child(room)

func _on_message(fields):
    print("message ", JSON.print(fields))
    if fields["type"] == "say":
        room.send({"type": "answer", "to": fields["msg_id"]})
    if fields["type"] == "quit":
        quit()

func _on_gap():
    print("gap")
