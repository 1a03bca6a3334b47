// OpenAI's Python SDK: chat completions (openai_sdk.py).
import { suite } from "./python.mjs";

suite("openai_sdk");
