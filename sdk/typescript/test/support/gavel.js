// Runs the real server (GAVEL_BIN), and a proxy that cuts its connections at random bytes.
import { spawn } from "node:child_process";
import { createConnection, createServer } from "node:net";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** Where the binary is; null: there is none, and (not in CI) the tests with it are left out. */
export function gavelBinary() {
  const named = process.env.GAVEL_BIN ?? "build/dev/gavel";
  const path = isAbsolute(named) ? named : ROOT + named;
  if (existsSync(path)) return path;
  if (process.env.CI) throw new Error(`no server at ${path}`);
  return null;
}

/** A server on free ports: { port, url, stop }. */
export async function startGavel(...more) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("GAVEL_")),
  );
  const options = ["--listen", "127.0.0.1:0", "--admin", "", "--store", "memory", "--threads", "2"];
  const server = spawn(gavelBinary(), ["serve", ...options, ...more], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  server.stderr.on("data", (text) => (log += text));
  const ended = once(server, "exit");
  const port = await new Promise((resolve, reject) => {
    createInterface(server.stdout).on("line", (line) => {
      const listening = /^gavel: listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(line);
      if (listening) resolve(Number(listening[1]));
    });
    ended.then(() => reject(new Error(`the server ended:\n${log}`)));
  });
  return {
    port,
    url: `ws://127.0.0.1:${port}/`,
    async stop() {
      server.kill("SIGTERM");
      const [status] = await ended;
      if (status !== 0) throw new Error(`exit status ${status} after SIGTERM\n${log}`);
    },
  };
}

/** Numbers from a seed, so that a failure can be repeated. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Passes bytes on to `port`. `plan()` gives for each connection after how many bytes, either way,
 * it is cut (Infinity: never); `cut()` ends all; while `isDown`, connections are refused.
 */
export async function startProxy(port, plan = () => Infinity) {
  const pairs = new Set();
  const proxy = { cuts: 0, isDown: false };
  const listener = createServer((client) => {
    client.on("error", () => {});
    if (proxy.isDown) return client.destroy();
    const server = createConnection(port, "127.0.0.1");
    server.on("error", () => {});
    const pair = [client, server];
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    let left = plan();
    const pass = (from, to) => {
      from.on("data", (bytes) => {
        if (bytes.length < left) {
          left -= bytes.length;
          to.write(bytes);
          return;
        }
        ++proxy.cuts;
        to.end(bytes.subarray(0, left)); // what came before the cut still arrives, or part of it
        left = 0;
        from.destroy();
        pairs.delete(pair);
      });
      from.on("close", end);
    };
    pass(client, server);
    pass(server, client);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return Object.assign(proxy, {
    port: listener.address().port,
    url: `ws://127.0.0.1:${listener.address().port}/`,
    cut() {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
    async stop() {
      proxy.cut();
      await new Promise((resolve) => listener.close(resolve));
    },
  });
}
