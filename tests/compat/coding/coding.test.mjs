// Claude Code (`/v1/messages`) and Codex (`/v1/responses`) with an agent of the gateway as their model: a
// question, and a tool they run on this machine and report back.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startGateway, startModel } from "../harness.mjs";

const bin = path.join(path.dirname(fileURLToPath(import.meta.url)), "node_modules/.bin");
let model;
let gateway;
let home;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model, { config: { gateway: { http: { endpoints: { responses: { enabled: true } } } } } });
  home = fs.mkdtempSync(path.join(os.tmpdir(), "openclaw-compat-coding-"));
  fs.mkdirSync(path.join(home, "work"));
});
after(async () => {
  await gateway?.stop();
  model?.stop();
  fs.rmSync(home, { recursive: true, force: true });
});

/** Runs `program` where there is nothing, and gives what it printed. */
function run(program, args, env) {
  const options = {
    cwd: path.join(home, "work"),
    env: { HOME: home, PATH: process.env.PATH, NO_COLOR: "1", ...env },
    timeout: 90_000,
  };
  return new Promise((done, fail) => {
    const child = execFile(path.join(bin, program), args, options, (error, stdout, stderr) => {
      error ? fail(new Error(`${error}\n${stdout}\n${stderr}`)) : done(stdout);
    });
    child.stdin.end();
  });
}
/** What the model was told of the last tool that was run. */
const reported = (marker) => JSON.stringify(model.request(marker)?.body.messages.findLast((message) => message.role === "tool") ?? null);

describe("Claude Code", () => {
  const ask = (...args) => run("claude", ["--model", "openclaw", "--print", ...args], {
    ANTHROPIC_BASE_URL: gateway.http,
    ANTHROPIC_API_KEY: gateway.token,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
  });

  test("a question", async () => {
    assert.equal((await ask("FAKE_SAY:hello from here;")).trim(), "hello from here");
  });

  test("a command it runs", async () => {
    await ask("--allowedTools", "Bash(echo:*)", "--", 'FAKE_TOOL:Bash:{"command":"echo ran-claude-$((40+2))","description":"says"}; claude-tool');
    assert.match(reported("claude-tool"), /ran-claude-42/);
  });
});

describe("Codex", () => {
  const provider = () => `model_providers.gateway={name="gateway",base_url="${gateway.http}/v1",env_key="GATEWAY_KEY",wire_api="responses"}`;
  const ask = (prompt) => run(
    "codex",
    ["exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", "-c", 'model="openclaw"', "-c", 'model_provider="gateway"', "-c", provider(), prompt],
    { CODEX_HOME: home, GATEWAY_KEY: gateway.token },
  );

  test("a question", async () => {
    assert.equal((await ask("FAKE_SAY:hello from here;")).trim(), "hello from here");
  });

  test("a command it runs", async () => {
    await ask('FAKE_TOOL:exec_command:{"cmd":"echo ran-codex-$((40+2))"}; codex-tool');
    assert.match(reported("codex-tool"), /ran-codex-42/);
  });
});
