"""What goes wrong, as one exception."""


class GavelError(Exception):
    """code: one of the server's error codes, the name of a close code, or one of the client's own:
    order, repeat, sender_order, bad_frame (the server broke a promise), queue_full, fate_unknown
    (nobody can tell whether the message is in the room), timeout, closed."""

    def __init__(self, code, message, ref=None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.ref = ref
