// Against the server that cuts, refuses and forgets.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { join } from "../dist/index.js";

const SCRIPT = fileURLToPath(new URL("../../../tools/client-conformance", import.meta.url));

test("it keeps every rule of tools/client-conformance", async (t) => {
  const judge = spawn("/usr/bin/python3", [SCRIPT, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => judge.kill());
  const exited = once(judge, "exit");
  let output = "";
  const port = await new Promise((resolve) =>
    judge.stdout.on("data", (text) => {
      output += text;
      const listening = /ws:\/\/127\.0\.0\.1:(\d+)\n/.exec(output);
      if (listening) resolve(listening[1]);
    }),
  );
  const asked = new Set();
  const options = { WebSocket, backoffMs: [1, 20], timeoutMs: 60_000 };
  const room = await join(`ws://127.0.0.1:${port}/`, "r", options);
  room.on("message", ({ type, n }) => {
    if (type !== "ask" || asked.has(n)) return;
    asked.add(n);
    room.send({ type: "answer", n }).catch(() => {});
  });
  const [status] = await exited;
  assert.equal(status, 0, output);
  assert.equal(output.match(/^kept {4}/gm).length, 7, output);
});
