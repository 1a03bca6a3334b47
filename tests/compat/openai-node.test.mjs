// OpenAI's Node SDK, unchanged but for the base URL and the key.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import OpenAI, { APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError, RateLimitError } from "openai";
import { external, startGateway, startModel, until, words } from "./harness.mjs";

/** Good for asking models, and for nothing else. */
const relayKey = "sk-compat-models-only";

let model;
let gateway;
let openai;

before(async () => {
  model = await startModel();
  gateway = await startGateway(model, {
    config: {
      gateway: {
        http: { relay: { enabled: true, keys: { ci: { token: relayKey, requestsPerMinute: 4 } }, fallbacks: { "fake/fake-16-0": ["fake/fake-200-20"] } } },
      },
    },
  });
  openai = new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: gateway.token, maxRetries: 0 });
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

const user = (content) => [{ role: "user", content }];

describe("chat completions", () => {
  test("an answer with its usage", async () => {
    const completion = await openai.chat.completions.create({ model: "openclaw", messages: user("FAKE_TOKENS:7; hi") });
    assert.match(completion.id, /^chatcmpl_/);
    assert.equal(completion.object, "chat.completion");
    assert.equal(completion.model, "openclaw");
    assert.ok(Math.abs(completion.created - Date.now() / 1000) < 120);
    assert.equal(completion.choices.length, 1);
    const [choice] = completion.choices;
    assert.deepEqual([choice.index, choice.message.role, choice.message.content, choice.finish_reason], [0, "assistant", words(7), "stop"]);
    const { prompt_tokens, completion_tokens, total_tokens } = completion.usage;
    assert.equal(completion_tokens, 7);
    assert.ok(prompt_tokens > 0);
    assert.equal(total_tokens, prompt_tokens + completion_tokens);
  });

  test("a streamed answer begins with the role and ends with stop", async () => {
    const stream = await openai.chat.completions.create({ model: "openclaw", messages: user("FAKE_TOKENS:25;FAKE_DELAY:10; hi"), stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(new Set(chunks.map((c) => c.id)).size, 1);
    assert.ok(chunks.every((c) => c.object === "chat.completion.chunk" && c.model === "openclaw"));
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? "").join(""), words(25));
    assert.ok(chunks.filter((c) => c.choices[0]?.delta.content).length >= 5, "it came in pieces");
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
    assert.ok(chunks.every((c) => !c.usage), "no usage unless asked for");
  });

  test("usage at the end of a stream when asked for", async () => {
    const stream = await openai.chat.completions.create({
      model: "openclaw", messages: user("FAKE_TOKENS:6; hi"), stream: true, stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.equal(last.usage.completion_tokens, 6);
    assert.equal(last.usage.total_tokens, last.usage.prompt_tokens + 6);
    assert.equal(chunks.at(-2).choices[0].finish_reason, "stop");
  });

  test("the SDK's own stream helper agrees", async () => {
    const runner = openai.chat.completions.stream({ model: "openclaw", messages: user("FAKE_TOKENS:9;FAKE_DELAY:5; hi") });
    assert.equal(await runner.finalContent(), words(9));
    assert.equal((await runner.finalChatCompletion()).choices[0].finish_reason, "stop");
  });

  test("what is said before reaches the model, and the system prompt", async () => {
    const marker = `marker-${crypto.randomUUID()}`;
    await openai.chat.completions.create({
      model: "openclaw/main",
      messages: [
        { role: "system", content: `system of ${marker}` },
        { role: "user", content: `first of ${marker}` },
        { role: "assistant", content: `reply of ${marker}` },
        { role: "user", content: [{ type: "text", text: `part one of ${marker}` }, { type: "text", text: "part two" }] },
      ],
    });
    const asked = JSON.stringify(model.request(marker).body.messages);
    for (const part of ["system of", "first of", "reply of", "part one of"]) assert.ok(asked.includes(`${part} ${marker}`), part);
    assert.ok(asked.includes("part two"));
  });

  test("the same user talks in one session, two strangers do not", async () => {
    const ada = `ada-${crypto.randomUUID()}`;
    await openai.chat.completions.create({ model: "openclaw", user: ada, messages: user(`secret of ${ada}`) });
    await openai.chat.completions.create({ model: "openclaw", user: ada, messages: user(`again ${ada}`) });
    assert.ok(JSON.stringify(model.request(`again ${ada}`).body).includes(`secret of ${ada}`), "the second turn knows the first");
    const stranger = `stranger-${crypto.randomUUID()}`;
    await openai.chat.completions.create({ model: "openclaw", messages: user(stranger) });
    assert.equal(JSON.stringify(model.request(stranger).body).includes(ada), false);
  });

  test("a tool is asked for, used, and its result reaches the model", async () => {
    const tools = [{
      type: "function",
      function: { name: "get_weather", description: "The weather.", parameters: { type: "object", properties: { city: { type: "string" } } } },
    }];
    for (const streaming of [false, true]) {
      const marker = `tool-${crypto.randomUUID()}`;
      const question = { role: "user", content: `FAKE_TOOL:get_weather:{"city":"Ghent"}; ${marker}` };
      const body = { model: "openclaw", tools, messages: [question] };
      const called = streaming
        ? await openai.chat.completions.stream(body).finalChatCompletion()
        : await openai.chat.completions.create(body);
      const [choice] = called.choices;
      assert.deepEqual([choice.finish_reason, choice.message.content], ["tool_calls", null]);
      const [call] = choice.message.tool_calls;
      assert.deepEqual([call.type, call.function.name, JSON.parse(call.function.arguments)], ["function", "get_weather", { city: "Ghent" }]);
      const answer = await openai.chat.completions.create({
        ...body,
        messages: [question, choice.message, { role: "tool", tool_call_id: call.id, content: `rain over ${marker}` }],
      });
      assert.equal(answer.choices[0].finish_reason, "stop");
      const said = model.request(`rain over ${marker}`).body.messages.find((message) => message.role === "tool");
      assert.deepEqual([said.tool_call_id, said.content], [call.id, `rain over ${marker}`]);
    }
  });

  test("breaking off mid-stream lets the model go", async () => {
    const marker = `break-${crypto.randomUUID()}`;
    const stream = await openai.chat.completions.create({ model: "openclaw", messages: user(`FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`), stream: true });
    let heard = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content && ++heard === 3) break;
    }
    assert.equal(heard, 3);
    await until("the model to be let go", () => model.request(marker)?.state === "cancelled");
  });

  test("an abort signal lets the model go, streaming or not", async () => {
    for (const stream of [true, false]) {
      const marker = `signal-${crypto.randomUUID()}`;
      const controller = new AbortController();
      const call = (async () => {
        const answer = await openai.chat.completions.create({ model: "openclaw", messages: user(`FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`), stream }, { signal: controller.signal });
        if (stream) for await (const _ of answer);
      })();
      call.catch(() => {});
      await until("the model to be asked", () => model.request(marker));
      controller.abort();
      const error = await call.catch((e) => e);
      if (!stream) assert.ok(error instanceof APIUserAbortError, String(error));
      await until("the model to be let go", () => model.request(marker).state === "cancelled");
    }
  });

  test("a failing model is an error, not an empty answer", async () => {
    const error = await openai.chat.completions.create({ model: "openclaw", messages: user("FAKE_ERROR:400; please") }).catch((e) => e);
    assert.ok(error instanceof OpenAI.APIError, JSON.stringify(error));
    assert.ok(error.status >= 400, String(error.status));
    assert.ok(error.message.length > 4);
    const stream = await openai.chat.completions.create({ model: "openclaw", messages: user("FAKE_ERROR:400; please"), stream: true }).catch((e) => e);
    const broken = stream instanceof Error ? stream : await (async () => { for await (const _ of stream); })().catch((e) => e);
    assert.ok(broken instanceof OpenAI.APIError, "a stream that fails throws");
  });
});

describe("responses", () => {
  test("are made, kept, gone on from and deleted", async () => {
    const marker = `kept-${crypto.randomUUID()}`;
    const response = await openai.responses.create({ model: "openclaw", input: `FAKE_TOKENS:7; ${marker}`, metadata: { a: "b" } });
    assert.deepEqual([response.object, response.status, response.output_text], ["response", "completed", words(7)]);
    assert.equal(response.usage.output_tokens, 7);
    assert.equal((await openai.responses.retrieve(response.id)).output_text, words(7));
    const items = await openai.responses.inputItems.list(response.id);
    assert.match(JSON.stringify(items.data), new RegExp(marker));
    const next = await openai.responses.create({ model: "openclaw", input: `next ${marker}`, previous_response_id: response.id });
    assert.equal(next.previous_response_id, response.id);
    assert.ok(JSON.stringify(model.request(`next ${marker}`).body.messages).includes(words(7)), "the model knows what it said");
    await openai.responses.delete(response.id);
    const gone = await openai.responses.retrieve(response.id).catch((e) => e);
    assert.ok(gone instanceof NotFoundError, String(gone));
  });

  test("are streamed, and the SDK puts them together", async () => {
    const stream = openai.responses.stream({ model: "openclaw", input: "FAKE_TOKENS:25;FAKE_DELAY:5; hi" });
    const kinds = [];
    for await (const event of stream) kinds.push(event.type);
    assert.deepEqual(kinds.slice(0, 4), ["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"]);
    assert.ok(kinds.filter((kind) => kind === "response.output_text.delta").length >= 5, "it came in pieces");
    assert.deepEqual(kinds.slice(-4), ["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"]);
    assert.equal((await stream.finalResponse()).output_text, words(25));
  });

  test("a tool is asked for, used, and its result reaches the model", async () => {
    const marker = `tool-${crypto.randomUUID()}`;
    const tools = [{ type: "function", name: "get_weather", strict: false, parameters: { type: "object", properties: { city: { type: "string" } } } }];
    const called = await openai.responses.create({ model: "openclaw", tools, input: `FAKE_TOOL:get_weather:{"city":"Ghent"}; ${marker}` });
    const call = called.output.find((item) => item.type === "function_call");
    assert.deepEqual([call.name, JSON.parse(call.arguments)], ["get_weather", { city: "Ghent" }]);
    const result = { type: "function_call_output", call_id: call.call_id, output: `rain over ${marker}` };
    const answer = await openai.responses.create({ model: "openclaw", tools, previous_response_id: called.id, input: [result] });
    assert.ok(answer.output_text.length > 0);
    const said = model.request(`rain over ${marker}`).body.messages.find((message) => message.role === "tool");
    assert.deepEqual([said.tool_call_id, said.content], [call.call_id, `rain over ${marker}`]);
  });

  test("are stopped", async () => {
    const marker = `stop-${crypto.randomUUID()}`;
    const stream = await openai.responses.create({ model: "openclaw", input: `FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`, stream: true });
    let last;
    for await (const event of stream) {
      last = event;
      if (event.type === "response.created") assert.equal((await openai.responses.cancel(event.response.id)).status, "cancelled");
    }
    assert.equal(last.response.status, "cancelled");
    await until("the model to be let go", () => model.request(marker)?.state !== "running" && model.request(marker)?.state !== undefined);
  });
});

describe("what is refused", () => {
  test("a wrong key is an AuthenticationError", async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: "wrong", maxRetries: 0 });
    for (const call of [
      () => stranger.chat.completions.create({ model: "openclaw", messages: user("hi") }),
      () => stranger.chat.completions.create({ model: "openclaw", messages: user("hi"), stream: true }),
      () => stranger.models.list(),
    ]) {
      const error = await call().catch((e) => e);
      assert.ok(error instanceof AuthenticationError, String(error));
      assert.equal(error.status, 401);
      assert.equal(typeof error.type, "string");
    }
  });

  test("no user message is a BadRequestError", async () => {
    for (const messages of [[], [{ role: "system", content: "x" }]]) {
      const error = await openai.chat.completions.create({ model: "openclaw", messages }).catch((e) => e);
      assert.ok(error instanceof BadRequestError, String(error));
      assert.match(error.message, /Missing user message in `messages`/);
      assert.equal(error.type, "invalid_request_error");
    }
  });
});

describe("models", () => {
  test("are listed", async () => {
    const page = await openai.models.list();
    const ids = page.data.map((m) => m.id);
    for (const id of ["openclaw", "openclaw/default", "openclaw/main"]) assert.ok(ids.includes(id), `${id} in ${ids}`);
    for (const entry of page.data) {
      assert.equal(entry.object, "model");
      assert.ok(Number.isInteger(entry.created) && typeof entry.owned_by === "string");
    }
  });

  test("are retrieved by name", async () => {
    for (const id of ["openclaw", "openclaw/main"]) assert.equal((await openai.models.retrieve(id)).id, id);
    const error = await openai.models.retrieve("no-such-model").catch((e) => e);
    // OpenAI says 404, the original 400.
    assert.ok(error instanceof NotFoundError || error instanceof BadRequestError, String(error));
  });
});

describe("straight to a provider", { skip: external && "the original has no such way" }, () => {
  const straight = "fake/fake-16-0";

  test("an answer comes as the provider gives it", async () => {
    const marker = `straight-${crypto.randomUUID()}`;
    const completion = await openai.chat.completions.create({ model: straight, messages: user(`FAKE_TOKENS:7; ${marker}`), seed: 7 });
    assert.match(completion.id, /^chatcmpl-fake-/);
    assert.equal(completion.model, "fake-16-0");
    assert.equal(completion.choices[0].message.content, words(7));
    const { body, authorization } = model.request(marker);
    assert.deepEqual(body, { model: "fake-16-0", messages: user(`FAKE_TOKENS:7; ${marker}`), seed: 7 });
    assert.equal(authorization, "Bearer fake-key");
  });

  test("a stream does, too, and closing it lets the model go", async () => {
    const stream = await openai.chat.completions.create({
      model: straight, messages: user("FAKE_TOKENS:9;FAKE_DELAY:5; hi"), stream: true, stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    assert.equal(chunks.map((c) => c.choices[0]?.delta.content ?? "").join(""), words(9));
    assert.equal(chunks.at(-1).usage.completion_tokens, 9);

    const marker = `leave-${crypto.randomUUID()}`;
    const left = await openai.chat.completions.create({ model: straight, messages: user(`FAKE_TOKENS:400;FAKE_DELAY:25; ${marker}`), stream: true });
    for await (const _ of left) break;
    await until("the model to be let go", () => model.request(marker).state === "cancelled");
  });

  test("what the provider refuses is what the client gets", async () => {
    const error = await openai.chat.completions.create({ model: straight, messages: user("FAKE_ERROR:400; hi") }).catch((e) => e);
    assert.ok(error instanceof BadRequestError, String(error));
    assert.deepEqual([error.type, error.code], ["fake_error", "fake_400"]);
    const nobody = await openai.embeddings.create({ model: "nobody/x", input: "a" }).catch((e) => e);
    assert.ok(nobody instanceof NotFoundError, String(nobody));
  });

  test("who is busy is asked again, and then another", async () => {
    const marker = crypto.randomUUID();
    const asked = () => model.requests.filter((entry) => JSON.stringify(entry.body ?? "").includes(marker)).map((entry) => entry.body.model);
    const again = await openai.chat.completions.create({ model: straight, messages: user(`FAKE_BUSY:${marker}-a:1;FAKE_SAY:hello;`) });
    assert.equal(again.choices[0].message.content, "hello");
    assert.deepEqual(asked(), ["fake-16-0", "fake-16-0"]);
    const other = await openai.chat.completions.create({ model: straight, messages: user(`FAKE_BUSY:${marker}-b:3;FAKE_SAY:hello;`) });
    assert.equal(other.model, "fake-200-20");
    assert.equal(asked().length, 6);
  });

  test("texts become numbers", async () => {
    const { data, usage } = await openai.embeddings.create({ model: "fake/any", input: ["a", "abc"], dimensions: 3 });
    assert.deepEqual(data.map((entry) => entry.embedding[0]), [1, 3]);
    assert.equal(data[1].embedding.length, 3);
    assert.ok(usage.total_tokens > 0);
    const plain = await openai.embeddings.create({ model: "fake/any", input: "abcd", encoding_format: "float" });
    assert.equal(plain.data[0].embedding[0], 4);
    const missing = await openai.embeddings.create({ model: "openclaw", input: "a" }).catch((e) => e);
    assert.ok(missing instanceof BadRequestError && /memorySearch/.test(missing.message), String(missing));
  });

  test("a key has its limits, and what it used is told", async () => {
    const holder = new OpenAI({ baseURL: `${gateway.http}/v1`, apiKey: relayKey, maxRetries: 0 });
    const ids = (await holder.models.list()).data.map((entry) => entry.id);
    assert.deepEqual(ids, ["fake/fake-16-0", "fake/fake-200-20"]);
    const agent = await holder.chat.completions.create({ model: "openclaw", messages: user("hi") }).catch((e) => e);
    assert.ok(agent instanceof NotFoundError, String(agent));
    const { response } = await holder.chat.completions.create({ model: straight, messages: user("hi") }).withResponse();
    assert.equal(response.headers.get("x-ratelimit-limit-requests"), "4");
    assert.equal(response.headers.get("x-ratelimit-remaining-requests"), "3");
    for (let i = 0; i < 3; i++) await holder.chat.completions.create({ model: straight, messages: user("hi") });
    const error = await holder.chat.completions.create({ model: straight, messages: user("hi") }).catch((e) => e);
    assert.ok(error instanceof RateLimitError, String(error));
    assert.equal(error.code, "rate_limit_exceeded");
    assert.ok(Number(error.headers.get("retry-after")) > 0);

    const usage = await fetch(`${gateway.http}/v1/usage?days=1`, { headers: { authorization: `Bearer ${gateway.token}` } }).then((res) => res.json());
    const row = usage.data.find((entry) => entry.key === "ci");
    assert.deepEqual([row.model, row.requests, row.failures, row.output_tokens], ["fake/fake-16-0", 4, 0, 64]);
  });
});
