// Against `gavel bench --client-conformance`, which cuts, repeats, refuses and forgets.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { WebSocket } from "ws";
import { join } from "../dist/index.js";
import { gavelBinary } from "./support/gavel.js";

test("it keeps every rule of gavel bench --client-conformance", async (t) => {
  const judge = spawn(gavelBinary(), ["bench", "--client-conformance", "0"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
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
  const options = { WebSocket, backoffMs: [1, 20], timeoutMs: 60_000 };
  const room = await join(`ws://127.0.0.1:${port}/`, "r", options);
  room.on("message", ({ type, n }) => {
    if (type === "ask") room.send({ type: "answer", n }).catch(() => {});
  });
  const [status] = await exited;
  assert.equal(status, 0, output);
  assert.equal(output.match(/^kept {4}/gm).length, 10, output);
});
