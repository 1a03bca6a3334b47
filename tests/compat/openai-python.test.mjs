// OpenAI's Python SDK: chat completions and embeddings (openai_sdk.py).
import { external } from "./harness.mjs";
import { suite } from "./python.mjs";

suite("openai_sdk", {
  config: { gateway: { http: { relay: { enabled: true } } } },
  env: { RELAY: external ? "" : "1" },
});
