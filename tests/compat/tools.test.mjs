// `POST /tools/invoke` as scripts use it: curl, and fetch.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { external, startGateway, startModel, words } from "./harness.mjs";

let model;
let gateway;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model, { config: { gateway: { tools: { allow: ["sessions_send", "gateway"] } } } });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

async function invoke(body, { path = "/tools/invoke", headers = {}, method = "POST" } = {}) {
  const answer = await fetch(`${gateway.http}${path}`, {
    method,
    headers: { authorization: `Bearer ${gateway.token}`, "content-type": "application/json", ...headers },
    body: method === "POST" ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.startsWith("application/json");
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

/** What a tool found, as a program reads it and as a model does. */
function details({ status, body }) {
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.ok, true);
  assert.deepEqual(JSON.parse(body.result.content[0].text), body.result.details);
  return body.result.details;
}

describe("POST /tools/invoke", () => {
  test("the line of the manual works with curl", async () => {
    const { stdout } = await promisify(execFile)("curl", [
      "-sS", `${gateway.http}/tools/invoke`,
      "-H", `Authorization: Bearer ${gateway.token}`,
      "-H", "Content-Type: application/json",
      "-d", '{"tool":"sessions_list","action":"json","args":{}}',
    ]);
    const answer = JSON.parse(stdout);
    assert.equal(answer.ok, true);
    assert.ok(Array.isArray(answer.result.details.sessions));
  });

  test("what is said by a tool is in the conversation", async () => {
    const sessionKey = `agent:main:tools-${crypto.randomUUID()}`;
    const send = { tool: "sessions_send", args: { sessionKey, message: "FAKE_TOKENS:5; hi" }, idempotencyKey: crypto.randomUUID() };
    const said = details(await invoke(send));
    assert.equal(said.status, "ok");
    assert.equal(said.reply, words(5));
    assert.equal(details(await invoke(send)).runId, said.runId, "the same call is made once");
    const other = await invoke({ ...send, args: { ...send.args, message: "other" } });
    if (!external) assert.deepEqual([other.status, other.body.error.type], [409, "conflict"]);

    const read = details(await invoke({ tool: "sessions_history", args: { sessionKey } }));
    assert.deepEqual(read.messages.map((message) => message.role), ["user", "assistant"]);
    const listed = details(await invoke({ name: "sessions_list", args: { limit: 200 } }));
    assert.ok(listed.sessions.some((session) => session.key === sessionKey));
    assert.equal(details(await invoke({ tool: "session_status", args: { sessionKey } })).sessionKey, sessionKey);
  });

  test("the agents are listed on behalf of the one that is named", async () => {
    const { requester, agents } = details(await invoke({ tool: "agents_list", sessionKey: "main" }));
    assert.equal(requester, "main");
    assert.ok(agents.some((agent) => agent.id === "main"));
  });

  test("the configuration is shown to its owner, without secrets", async () => {
    const config = details(await invoke({ tool: "gateway", action: "config.get" }));
    assert.ok(JSON.stringify(config).includes("fake-16-0"));
    assert.ok(!JSON.stringify(config).includes("fake-key"));
  });

  test("this machine and its network are not fetched from", async () => {
    for (const url of [gateway.http, "http://169.254.169.254/", "http://localhost/", "file:///etc/passwd", "http://2130706433/"]) {
      const { status, body } = await invoke({ tool: "web_fetch", args: { url } });
      assert.equal(status, external ? status : 400, url);
      assert.equal(body.ok, false, url);
    }
  });

  test("what is not there, or not for this, says so", async () => {
    for (const tool of ["nope", "exec", "bash", "sessions_spawn", "cron", "nodes", "constructor"]) {
      const { status, body } = await invoke({ tool });
      assert.equal(status, 404);
      assert.deepEqual(body, { ok: false, error: { type: "not_found", message: `Tool not available: ${tool}` } });
    }
  });

  test("a call that is wrong is refused", async () => {
    assert.equal((await invoke({})).body.error.message, "tools.invoke requires body.tool");
    assert.equal((await invoke({ tool: "sessions_history" })).body.error.type, "tool_error");
    assert.equal((await invoke({ tool: "agents_list" }, { headers: { authorization: "Bearer wrong" } })).status, 401);
    const get = await invoke(null, { method: "GET" });
    assert.deepEqual([get.status, get.headers.get("allow"), get.body], [405, "POST", "Method Not Allowed"]);
  });

  test("the path of the brief is the same", { skip: external && "not there" }, async () => {
    details(await invoke({ tool: "agents_list" }, { path: "/.openclaw/tools/invoke" }));
  });
});
