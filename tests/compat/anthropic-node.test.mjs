// Anthropic's Node SDK, unchanged but for the base URL and the key.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { startGateway, startModel, until, words } from "./harness.mjs";

let model;
let gateway;
let anthropic;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model);
  anthropic = new Anthropic({ baseURL: gateway.http, apiKey: gateway.token, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

const ask = (content, more = {}) => ({ model: "openclaw", max_tokens: 500, messages: [{ role: "user", content }], ...more });
const weather = {
  name: "get_weather",
  description: "The weather in a city.",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

describe("messages", () => {
  test("an answer with its usage", async () => {
    const message = await anthropic.messages.create(ask("FAKE_TOKENS:7; hi"));
    assert.match(message.id, /^msg_/);
    assert.deepEqual([message.type, message.role, message.model, message.stop_reason], ["message", "assistant", "openclaw", "end_turn"]);
    assert.deepEqual(message.content.map((block) => [block.type, block.text]), [["text", words(7)]]);
    assert.equal(message.usage.output_tokens, 7);
    assert.ok(message.usage.input_tokens > 0);
  });

  test("the stream helper puts the same answer together", async () => {
    const stream = anthropic.messages.stream(ask("FAKE_TOKENS:25;FAKE_DELAY:5; hi"));
    const kinds = new Set();
    let pieces = 0;
    for await (const event of stream) {
      kinds.add(event.type);
      if (event.type === "content_block_delta") pieces += 1;
    }
    for (const kind of ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]) {
      assert.ok(kinds.has(kind), kind);
    }
    assert.ok(pieces >= 5, "it came in pieces");
    const message = await stream.finalMessage();
    assert.equal(message.content[0].text, words(25));
    assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["end_turn", 25]);
  });

  test("a tool is asked for, used, and its result reaches the model", async () => {
    for (const streaming of [false, true]) {
      const marker = `tool-${crypto.randomUUID()}`;
      const question = { role: "user", content: `FAKE_TOOL:get_weather:{"city":"Ghent"}; ${marker}` };
      const body = { model: "openclaw", max_tokens: 500, tools: [weather], messages: [question] };
      const called = streaming ? await anthropic.messages.stream(body).finalMessage() : await anthropic.messages.create(body);
      assert.equal(called.stop_reason, "tool_use");
      const call = called.content.find((block) => block.type === "tool_use");
      assert.deepEqual([call.name, call.input], ["get_weather", { city: "Ghent" }]);
      const result = { type: "tool_result", tool_use_id: call.id, content: `rain over ${marker}` };
      const answer = await anthropic.messages.create({
        ...body,
        messages: [question, { role: "assistant", content: called.content }, { role: "user", content: [result] }],
      });
      assert.equal(answer.stop_reason, "end_turn");
      assert.equal(answer.content[0].type, "text");
      const asked = model.request(`rain over ${marker}`).body;
      const said = asked.messages.find((message) => message.role === "tool");
      assert.equal(said.tool_call_id, call.id);
      assert.equal(said.content, `rain over ${marker}`);
      assert.equal(asked.tools[0].function.name, "get_weather");
    }
  });

  test("the system prompt reaches the model", async () => {
    const marker = `system-${crypto.randomUUID()}`;
    await anthropic.messages.create(ask(`hi ${marker}`, { system: [{ type: "text", text: `be brief, ${marker}` }] }));
    assert.ok(JSON.stringify(model.request(marker).body.messages).includes(`be brief, ${marker}`));
  });

  test("breaking off lets the model go", async () => {
    const marker = `break-${crypto.randomUUID()}`;
    const stream = anthropic.messages.stream(ask(`FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`));
    stream.on("error", () => {});
    let heard = 0;
    for await (const event of stream) {
      if (event.type === "content_block_delta" && ++heard === 3) break;
    }
    stream.abort();
    await until("the model to be let go", () => model.request(marker)?.state === "cancelled");
  });

  test("tokens are counted or estimated", async () => {
    const { max_tokens, ...body } = ask("hello ".repeat(400));
    const short = await anthropic.messages.countTokens({ ...body, messages: [{ role: "user", content: "hello" }] });
    const long = await anthropic.messages.countTokens(body);
    assert.ok(short.input_tokens > 0 && long.input_tokens > short.input_tokens + 300, JSON.stringify([short, long, max_tokens]));
  });
});

describe("what is refused", () => {
  test("a wrong key is an AuthenticationError", async () => {
    const stranger = new Anthropic({ baseURL: gateway.http, apiKey: "wrong", maxRetries: 0 });
    const error = await stranger.messages.create(ask("hi")).catch((e) => e);
    assert.ok(error instanceof Anthropic.AuthenticationError, String(error));
    assert.equal(error.error.error.type, "authentication_error");
  });

  test("a body that makes no sense is a BadRequestError that says where", async () => {
    const wrong = [
      [{ max_tokens: 0 }, /max_tokens/],
      [{ messages: [] }, /messages/],
      [{ messages: [{ role: "wizard", content: "x" }] }, /messages/],
      [{ tools: [{ type: "web_search_20250305", name: "web_search" }] }, /tools/],
      [{ temperature: "hot" }, /temperature/],
    ];
    for (const [more, told] of wrong) {
      const error = await anthropic.messages.create(ask("hi", more)).catch((e) => e);
      assert.ok(error instanceof Anthropic.BadRequestError, `${JSON.stringify(more)}: ${error}`);
      assert.equal(error.error.error.type, "invalid_request_error");
      assert.match(error.error.error.message, told);
    }
  });

  test("a failing model is an error, streaming or not", async () => {
    const whole = await anthropic.messages.create(ask("FAKE_ERROR:400; please")).catch((e) => e);
    assert.ok(whole instanceof Anthropic.APIError, JSON.stringify(whole));
    const streamed = await anthropic.messages.stream(ask("FAKE_ERROR:400; please")).finalMessage().catch((e) => e);
    assert.ok(streamed instanceof Anthropic.AnthropicError, String(streamed));
  });
});
