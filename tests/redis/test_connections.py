"""Ways to reach Redis: TLS, a Unix socket, users and passwords. No password is ever shown."""

import subprocess

from support.gavel import Server
from support.process import free_port
from support.redis_server import RedisServer
from support.wait import wait_until


def say_and_see(server, room):
    client = server.joined(room)
    client.send_json({"type": "say", "text": "hello"})
    assert client.collect(1)[0]["text"] == "hello"


def test_a_unix_socket(room):
    with RedisServer(unixsocket="redis.sock") as redis:
        path = redis.folder / "redis.sock"
        with Server(store=f"unix:{path}") as server:
            say_and_see(server, room)


def test_a_user_with_only_the_rights_that_the_manual_names(room, tmp_path):
    rights = (
        "user gavel on >s3cret-word ~gavel:* &gavel:* -@all +auth +ping +info +select "
        "+client|setname +client|id +client|kill +config|get +function|load +fcall +ssubscribe "
        "+sunsubscribe +spublish +set +get +wait +cluster|slots +hget +hset +hmget +hdel +hlen "
        "+exists +del +expire +persist +rename +xadd +xsetid +xrange +xrevrange +xtrim "
        "+xinfo|stream +time +incr"
    )
    password = tmp_path / "password"
    password.write_text("s3cret-word\n")
    args = ["--redis-username", "gavel", "--redis-password-file", password]
    with RedisServer(lines=[rights]) as redis, Server(store=redis.url, args=args) as server:
        say_and_see(server, room)
        redis.command("CLIENT", "KILL", "TYPE", "normal")
        redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        wait_until(lambda: "lost Redis" in server.log, "the loss is noticed")
        client = server.joined(room)
        client.send_json({"type": "say", "text": "again"})
        assert client.collect(2)[1]["text"] == "again"
        server.stop()
        assert "s3cret" not in server.log
        assert "NOPERM" not in server.log


def test_tls_with_a_certificate_that_is_checked(room, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command += ["-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    config = {"tls_port": port, "tls_cert_file": certificate, "tls_key_file": key}
    config |= {"tls_ca_cert_file": certificate, "tls_auth_clients": "no"}
    with RedisServer(**config):
        for host in ("localhost", "127.0.0.1"):
            args = ["--redis-tls-ca", certificate]
            with Server(store=f"rediss://{host}:{port}", args=args) as server:
                say_and_see(server, f"{room}-{host}")
        # Without that authority nothing is sent to whoever it is.
        binary = Server().binary
        result = subprocess.run(
            [binary, "serve", "--store", f"rediss://user:s3cret@localhost:{port}", "--admin", ""],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert result.returncode == 1
        assert "certificate verify failed" in result.stderr
        assert "s3cret" not in result.stderr + result.stdout
