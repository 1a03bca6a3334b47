// Vercel's AI SDK over its OpenAI (both APIs), OpenAI-compatible and Anthropic providers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";
import { external, startGateway, startModel, words } from "./harness.mjs";

let model;
let gateway;
let providers;

before(async () => {
  globalThis.AI_SDK_LOG_WARNINGS = false;
  model = await startModel();
  gateway = await startGateway(model, { config: { gateway: { http: { relay: { enabled: true } } } } });
  const at = { baseURL: `${gateway.http}/v1`, apiKey: gateway.token };
  const openai = createOpenAI(at);
  const compatible = createOpenAICompatible({ name: "gateway", includeUsage: true, ...at });
  const anthropic = createAnthropic(at);
  providers = {
    "chat completions": (name) => openai.chat(name),
    responses: (name) => openai(name),
    "chat completions of anybody": (name) => compatible(name),
    messages: (name) => anthropic(name),
    embeddings: (name) => openai.textEmbeddingModel(name),
  };
});
after(async () => {
  await gateway?.stop();
  model?.stop();
});

const weather = tool({
  description: "The weather of a city.",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => `It rains in ${city}.`,
});

const ways = [
  ["openclaw", ["chat completions", "responses", "chat completions of anybody", "messages"]],
  ...(external ? [] : [["fake/fake-16-0", ["chat completions", "responses", "chat completions of anybody", "messages"]]]),
];
for (const [name, apis] of ways) {
  for (const api of apis) {
    describe(`${name} over ${api}`, () => {
      const ask = (prompt, more) => ({ model: providers[api](name), prompt, maxRetries: 0, ...more });

      test("an answer with its usage", async () => {
        const { text, finishReason, usage } = await generateText(ask("FAKE_TOKENS:7; hi"));
        assert.deepEqual([text, finishReason, usage.outputTokens], [words(7), "stop", 7]);
        assert.ok(usage.inputTokens > 0);
      });

      test("a streamed answer arrives in pieces", async () => {
        const answer = streamText(ask("FAKE_TOKENS:20;FAKE_DELAY:10; hi"));
        const pieces = [];
        for await (const piece of answer.textStream) pieces.push(piece);
        assert.equal(pieces.join(""), words(20));
        assert.ok(pieces.length > 2, `${pieces.length}`);
        assert.equal((await answer.usage).outputTokens, 20);
      });

      test("a failure of the provider is an error, streamed or not", async () => {
        await assert.rejects(generateText(ask("FAKE_ERROR:400; hi")));
        const answer = streamText(ask("FAKE_ERROR:400; hi", { onError() {} }));
        let error;
        for await (const part of answer.fullStream) if (part.type === "error") error = part.error;
        assert.ok(error);
      });

      // The fake model calls no tools over its own responses.
      const cannot = name.includes("/") && api === "responses";
      test("a tool is called, and its result answered", { skip: cannot }, async () => {
        const answer = await generateText(ask('FAKE_TOOL:weather:{"city":"Rome"}; hi', { tools: { weather }, stopWhen: stepCountIs(3) }));
        const [first, second, ...more] = answer.steps;
        assert.equal(more.length, 0);
        assert.deepEqual(first.toolCalls.map((call) => [call.toolName, call.input]), [["weather", { city: "Rome" }]]);
        assert.deepEqual(first.toolResults.map((result) => result.output), ["It rains in Rome."]);
        assert.equal(second.finishReason, "stop");
        assert.ok(answer.text.length > 0);
      });
    });
  }
}

test("an answer of a shape", async () => {
  const asked = { model: providers["chat completions"]("openclaw"), schema: z.object({ city: z.string() }), prompt: 'FAKE_SAY:{"city":"Rome"};' };
  const { object } = await generateObject(asked);
  assert.deepEqual(object, { city: "Rome" });
});

test("embeddings", { skip: external }, async () => {
  const { embeddings } = await embedMany({ model: providers.embeddings("fake/fake-16-0"), values: ["one", "two"] });
  assert.equal(embeddings.length, 2);
  assert.ok(embeddings.every((embedding) => embedding.length > 0));
});
