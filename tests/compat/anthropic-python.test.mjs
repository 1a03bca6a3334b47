// Anthropic's Python SDK (anthropic_sdk.py).
import { suite } from "./python.mjs";

suite("anthropic_sdk");
