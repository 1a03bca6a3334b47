// OpenAI's Python SDK: the tests are in openai_sdk.py, this only lends them a gateway.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { external, startGateway, startModel } from "./harness.mjs";

const python = path.join(import.meta.dirname, ".venv/bin/python");

let model;
let gateway;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model, { config: { gateway: { http: { relay: { enabled: true } } } } });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

const names = fs.readFileSync(path.join(import.meta.dirname, "openai_sdk.py"), "utf8").match(/(?<=def )test_\w+/g);

for (const name of names) {
  test(`python: ${name.slice(5).replaceAll("_", " ")}`, async () => {
    const child = spawn(python, ["-m", "unittest", `openai_sdk.Sdk.${name}`], {
      cwd: import.meta.dirname,
      env: {
        PATH: process.env.PATH,
        HOME: gateway.home ?? "/nonexistent",
        PYTHONDONTWRITEBYTECODE: "1",
        GATEWAY: gateway.http,
        RELAY: external ? "" : "1",
        GATEWAY_TOKEN: gateway.token,
        MODEL: `http://127.0.0.1:${model.port}`,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { output += chunk; });
    const code = await new Promise((done) => child.once("close", done));
    assert.equal(code, 0, output);
  });
}
