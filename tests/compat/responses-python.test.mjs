// OpenAI's Python SDK: responses (responses_sdk.py).
import { suite } from "./python.mjs";

suite("responses_sdk");
