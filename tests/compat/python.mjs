// Suites in Python: the tests are in the Python file, this only lends them a gateway.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startGateway, startModel } from "./harness.mjs";

export const python = path.join(import.meta.dirname, ".venv/bin/python");

/** One test for every `test_…` of `<module>.Sdk`, all of them with one gateway that has `config`. */
export function suite(module, { config = {}, env = {} } = {}) {
  let model;
  let gateway;
  before(async () => {
    model = await startModel();
    gateway = await startGateway(model, { config });
  });
  after(async () => {
    await gateway?.stop();
    model?.stop();
  });

  const names = fs.readFileSync(path.join(import.meta.dirname, `${module}.py`), "utf8").match(/(?<=def )test_\w+/g);
  for (const name of names) {
    test(`python: ${name.slice(5).replaceAll("_", " ")}`, async () => {
      const child = spawn(python, ["-m", "unittest", `${module}.Sdk.${name}`], {
        cwd: import.meta.dirname,
        env: {
          PATH: process.env.PATH,
          HOME: gateway.home ?? "/nonexistent",
          PYTHONDONTWRITEBYTECODE: "1",
          GATEWAY: gateway.http,
          GATEWAY_TOKEN: gateway.token,
          MODEL: `http://127.0.0.1:${model.port}`,
          ...env,
        },
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { output += chunk; });
      const code = await new Promise((done) => child.once("close", done));
      assert.equal(code, 0, output);
    });
  }
}
