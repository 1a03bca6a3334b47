// llama.cpp's server behind the gateway: an upstream we did not write. Its model has one layer of random
// weights, so that what it says makes no sense; that the gateway hands it on unchanged does.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { freePort, startGateway, within } from "./harness.mjs";
import { python } from "./python.mjs";

let llama;
let address;
let gateway;
let openai;

const ask = (more = {}) => ({ model: "openclaw", temperature: 0, max_tokens: 24, messages: [{ role: "user", content: "tell me a story" }], ...more });

before(async () => {
  const port = await freePort();
  llama = spawn(python, ["llama_server.py", String(port)], { cwd: import.meta.dirname, stdio: ["pipe", "pipe", "ignore"] });
  await within("llama.cpp", new Promise((done, fail) => {
    llama.stdout.once("data", done);
    llama.once("exit", (code) => fail(new Error(`llama.cpp ended with ${code}`)));
  }), 60_000);
  address = `http://127.0.0.1:${port}/v1`;
  gateway = await startGateway({ port }, {
    config: {
      models: { providers: { llama: { baseUrl: address, models: [{ id: "tiny.gguf", contextWindow: 4096 }] } } },
      agents: { defaults: { model: { primary: "llama/tiny.gguf" } } },
    },
  });
  openai = new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: gateway.token, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  llama?.kill();
});

test("what it says comes whole, with what it used", async () => {
  const { choices, usage } = await openai.chat.completions.create(ask());
  assert.equal(choices[0].finish_reason, "length");
  assert.ok(choices[0].message.content.length > 0);
  assert.equal(usage.completion_tokens, 24);
  assert.ok(usage.prompt_tokens > 0);
});

test("a stream says the same", async () => {
  const whole = await openai.chat.completions.create(ask({ seed: 7 }));
  let said = "";
  let finish;
  for await (const { choices: [choice] } of await openai.chat.completions.create(ask({ seed: 7, stream: true }))) {
    said += choice?.delta.content ?? "";
    finish = choice?.finish_reason ?? finish;
  }
  assert.equal(said.trim(), whole.choices[0].message.content.trim());
  assert.equal(finish, "length");
});

test("responses and messages go there as well", async () => {
  const response = await openai.responses.create({ model: "openclaw", input: "tell me a story", temperature: 0, max_output_tokens: 16 });
  assert.equal(response.status, "incomplete");
  assert.equal(response.incomplete_details.reason, "max_output_tokens");
  assert.equal(response.usage.output_tokens, 16);
  const anthropic = new Anthropic({ baseURL: gateway.http, apiKey: gateway.token, maxRetries: 0 });
  const message = await anthropic.messages.create({ model: "openclaw", max_tokens: 16, messages: [{ role: "user", content: "tell me a story" }] });
  assert.equal(message.stop_reason, "max_tokens");
  assert.ok(message.content[0].text.length > 0);
});

test("what it refuses is told", async () => {
  const long = "story ".repeat(8000);
  await assert.rejects(openai.chat.completions.create(ask({ messages: [{ role: "user", content: long }] })), (error) => {
    assert.ok([400, 502].includes(error.status), `${error.status}: ${error.message}`);
    assert.match(error.message, /context|exceed/i);
    return true;
  });
});

test("who leaves frees it for the next", async () => {
  // It answers two at a time: these would hold it up for long.
  for (let turn = 0; turn < 4; turn++) {
    const stream = await openai.chat.completions.create(ask({ stream: true, max_tokens: 3000, temperature: 1 }));
    for await (const _ of stream) break;
    stream.controller.abort();
  }
  const { choices } = await within("an answer", openai.chat.completions.create(ask({ max_tokens: 4 })));
  assert.equal(choices[0].finish_reason, "length");
});
