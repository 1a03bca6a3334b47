// /openapi.json: valid by openapi-spec-validator, and kept to by the gateway whatever schemathesis sends.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { startGateway, startModel } from "./harness.mjs";

const programs = path.join(import.meta.dirname, ".venv/bin");
// What schemathesis looks for in every answer. Whether a value that fits the schema is accepted depends on
// what there is (agents, responses), so that is not asked.
const checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "unsupported_method", "ignored_auth"];

let model;
let gateway;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model);
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

async function run(program, args) {
  // What it writes down for the next time goes away with the gateway.
  const child = spawn(path.join(programs, program), args, { cwd: gateway.home, env: { PATH: process.env.PATH, HOME: gateway.home } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => { output += chunk; });
  const code = await new Promise((done) => child.once("close", done));
  return { code, output };
}

test("the document is valid and names what is served", async () => {
  const answer = await fetch(`${gateway.http}/openapi.json`);
  assert.equal(answer.headers.get("content-type"), "application/json; charset=utf-8");
  const document = await answer.text();
  const paths = Object.keys(JSON.parse(document).paths);
  for (const known of ["/v1/chat/completions", "/v1/responses/{id}", "/v1/messages", "/v1/models/{id}", "/metrics", "/healthz"]) {
    assert.ok(paths.includes(known), known);
  }
  const file = path.join(gateway.home, "openapi.json");
  fs.writeFileSync(file, document);
  const { code, output } = await run("openapi-spec-validator", [file]);
  assert.equal(code, 0, output);
});

// OPENAPI_EXAMPLES makes it longer.
test("whatever comes is answered as the document says", { timeout: 300_000 }, async () => {
  const { code, output } = await run("schemathesis", [
    "run", `${gateway.http}/openapi.json`,
    "--header", `Authorization: Bearer ${gateway.token}`,
    "--phases", "coverage,fuzzing",
    "--max-examples", process.env.OPENAPI_EXAMPLES ?? "10",
    "--seed", "7",
    "--checks", checks.join(","),
    "--warnings", "off",
    "--suppress-health-check", "all",
    "--continue-on-failure",
    "--no-color",
  ]);
  assert.equal(code, 0, output);
  const [, passed] = output.match(/(\d+) generated, \d+ passed/) ?? [];
  assert.ok(Number(passed) > 300, output);
});
