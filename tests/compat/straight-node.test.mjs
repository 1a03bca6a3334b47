// OpenAI's SDK asks a provider of Anthropic's protocol, and Anthropic's SDK one of OpenAI's: straight, without
// an agent.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { external, startGateway, startModel, straight, until, words } from "./harness.mjs";

const skip = external && "only this gateway passes requests on";
let model;
let gateway;
let openai;
let anthropic;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model, { config: straight });
  openai = new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: gateway.token, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.http, apiKey: gateway.token, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const CLAUDE = "claude/fake-16-0";
const chat = (content, more = {}) => ({ model: CLAUDE, messages: [{ role: "user", content }], ...more });
const ask = (content, more = {}) => ({ model: "fake/fake-16-0", max_tokens: 500, messages: [{ role: "user", content }], ...more });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

describe("OpenAI's SDK at a provider of Anthropic's protocol", { skip }, () => {
  test("an answer, its usage, and who gave it", async () => {
    const { data, response } = await openai.chat.completions.create(chat("FAKE_TOKENS:7; hi")).withResponse();
    assert.equal(data.choices[0].message.content, words(7));
    assert.deepEqual([data.choices[0].finish_reason, data.usage.completion_tokens], ["stop", 7]);
    assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + 7);
    assert.equal(response.headers.get("x-openclaw-relay-model"), CLAUDE);
    assert.equal(model.requests.at(-1).path, "/v1/messages");
  });

  test("a stream in pieces, with its usage", async () => {
    const stream = await openai.chat.completions.create(chat("FAKE_TOKENS:25;FAKE_DELAY:5; hi", { stream: true, stream_options: { include_usage: true } }));
    let [text, pieces, usage] = ["", 0, undefined];
    for await (const chunk of stream) {
      const more = chunk.choices[0]?.delta?.content;
      if (more) [text, pieces] = [text + more, pieces + 1];
      usage = chunk.usage ?? usage;
    }
    assert.equal(text, words(25));
    assert.ok(pieces >= 5, `${pieces} pieces`);
    assert.equal(usage.completion_tokens, 25);
  });

  test("a tool, its result, and the whole conversation", async () => {
    for (const streaming of [false, true]) {
      const marker = `tool-${crypto.randomUUID()}`;
      const tools = [{ type: "function", function: { name: "get_weather", parameters } }];
      const question = { role: "user", content: `FAKE_TOOL:get_weather:{"city":"Ghent"}; ${marker}` };
      const earlier = [{ role: "system", content: "be brief" }, { role: "user", content: "hi" }, { role: "assistant", content: "hello" }];
      const body = { model: CLAUDE, tools, messages: [...earlier, question] };
      const called = streaming
        ? await openai.chat.completions.stream(body).finalChatCompletion()
        : await openai.chat.completions.create(body);
      assert.equal(called.choices[0].finish_reason, "tool_calls");
      const message = called.choices[0].message;
      const [call] = message.tool_calls;
      assert.deepEqual([call.function.name, JSON.parse(call.function.arguments)], ["get_weather", { city: "Ghent" }]);
      const result = { role: "tool", tool_call_id: call.id, content: `rain over ${marker}` };
      const answer = await openai.chat.completions.create({ ...body, messages: [...earlier, question, message, result] });
      assert.equal(answer.choices[0].finish_reason, "stop");
      const { body: asked } = model.request(`rain over ${marker}`);
      assert.equal(asked.system, "be brief");
      assert.deepEqual(asked.messages.map((it) => it.role), ["user", "assistant", "user", "assistant", "user"]);
      assert.equal(asked.messages.at(-1).content[0].tool_use_id, call.id);
      assert.deepEqual(asked.tools[0].input_schema, parameters);
    }
  });

  test("pictures, also of earlier messages, and a form for the answer", async () => {
    const marker = `picture-${crypto.randomUUID()}`;
    const url = `data:image/png;base64,${PNG}`;
    const picture = { role: "user", content: [{ type: "image_url", image_url: { url } }, { type: "text", text: marker }] };
    const schema = { type: "object", properties: { a: { type: "number" } }, required: ["a"], additionalProperties: false };
    await openai.chat.completions.create({
      model: CLAUDE,
      messages: [picture, { role: "assistant", content: "a dot" }, { role: "user", content: "sure?" }],
      response_format: { type: "json_schema", json_schema: { name: "a", schema, strict: true } },
    });
    const { body } = model.request(marker);
    assert.deepEqual(body.messages[0].content.map((it) => it.type), ["image", "text"]);
    assert.equal(body.messages[0].content[0].source.data, PNG);
    assert.deepEqual(body.output_config.format.schema, schema);
  });

  test("the limit on tokens ends an answer", async () => {
    const answer = await openai.chat.completions.create(chat("FAKE_TOKENS:7; hi", { max_completion_tokens: 3 }));
    assert.equal(answer.choices[0].finish_reason, "length");
  });

  test("responses, whole and as a stream", async () => {
    const response = await openai.responses.create({ model: CLAUDE, instructions: "be brief", input: "FAKE_TOKENS:7; hi" });
    assert.deepEqual([response.status, response.output_text, response.usage.output_tokens], ["completed", words(7), 7]);
    const kinds = [];
    let last;
    for await (const event of await openai.responses.create({ model: CLAUDE, input: "FAKE_TOKENS:3; hi", stream: true })) {
      kinds.push(event.type);
      assert.equal(event.sequence_number, kinds.length - 1);
      last = event;
    }
    assert.deepEqual([kinds[0], kinds.at(-1)], ["response.created", "response.completed"]);
    assert.equal(last.response.output[0].content[0].text, words(3));
  });

  test("errors have their classes and name what would be lost", async () => {
    for (const [more, param] of [[{ seed: 1 }, "seed"], [{ logprobs: true }, "logprobs"], [{ n: 2 }, "n"], [{ frequency_penalty: 1 }, "frequency_penalty"]]) {
      const error = await openai.chat.completions.create(chat("hi", more)).catch((e) => e);
      assert.ok(error instanceof OpenAI.BadRequestError, String(error));
      assert.equal(error.param, param);
    }
    const limited = await openai.chat.completions.create(chat("FAKE_ERROR:429; hi")).catch((e) => e);
    assert.ok(limited instanceof OpenAI.RateLimitError, String(limited));
    const key = await openai.chat.completions.create(chat("FAKE_ERROR:401; hi")).catch((e) => e);
    assert.equal(key.status, 502, "the gateway's key is not the caller's");
  });

  test("leaving a stream lets the model go", async () => {
    const marker = `leave-${crypto.randomUUID()}`;
    const stream = await openai.chat.completions.create(chat(`FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`, { stream: true }));
    let heard = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta?.content && ++heard === 3) break;
    await until("the model to be let go", () => model.request(marker)?.state === "cancelled");
  });
});

describe("Anthropic's SDK at a provider of OpenAI's protocol", { skip }, () => {
  test("an answer and a stream, with their usage", async () => {
    const message = await anthropic.messages.create(ask("FAKE_TOKENS:7; hi", { system: "be brief" }));
    assert.deepEqual([message.content[0].text, message.stop_reason, message.usage.output_tokens], [words(7), "end_turn", 7]);
    assert.equal(model.requests.at(-1).path, "/v1/chat/completions");
    const stream = anthropic.messages.stream(ask("FAKE_TOKENS:25;FAKE_DELAY:5; hi"));
    let pieces = 0;
    stream.on("text", () => { pieces += 1; });
    const streamed = await stream.finalMessage();
    assert.deepEqual([streamed.content[0].text, streamed.usage.output_tokens], [words(25), 25]);
    assert.ok(pieces >= 5, `${pieces} pieces`);
  });

  test("how much there would be to read", async () => {
    const { messages } = ask("x".repeat(400));
    for (const name of ["fake/fake-16-0", CLAUDE]) {
      const { input_tokens } = await anthropic.messages.countTokens({ model: name, messages });
      assert.ok(input_tokens >= 100 && input_tokens < 150, `${name}: ${input_tokens}`);
    }
  });

  test("a tool and its result", async () => {
    const marker = `tool-${crypto.randomUUID()}`;
    const tools = [{ name: "get_weather", input_schema: parameters }];
    const question = { role: "user", content: `FAKE_TOOL:get_weather:{"city":"Ghent"}; ${marker}` };
    const called = await anthropic.messages.stream(ask("", { tools, messages: [question] })).finalMessage();
    assert.equal(called.stop_reason, "tool_use");
    const call = called.content.find((block) => block.type === "tool_use");
    assert.deepEqual([call.name, call.input], ["get_weather", { city: "Ghent" }]);
    const result = { type: "tool_result", tool_use_id: call.id, content: `rain over ${marker}` };
    const answer = await anthropic.messages.create(ask("", { tools, messages: [question, { role: "assistant", content: called.content }, { role: "user", content: [result] }] }));
    assert.equal(answer.stop_reason, "end_turn");
    const said = model.request(`rain over ${marker}`).body.messages.find((it) => it.role === "tool");
    assert.equal(said.tool_call_id, call.id);
  });

  test("errors have their classes and name what would be lost", async () => {
    const lost = await anthropic.messages.create(ask("hi", { top_k: 5 })).catch((e) => e);
    assert.ok(lost instanceof Anthropic.BadRequestError, String(lost));
    assert.match(lost.error.error.message, /top_k/);
    const limited = await anthropic.messages.create(ask("FAKE_ERROR:429; hi")).catch((e) => e);
    assert.ok(limited instanceof Anthropic.RateLimitError, String(limited));
  });
});
