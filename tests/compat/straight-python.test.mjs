// Both Python SDKs at providers of the other kind (straight_sdk.py).
import { external, straight } from "./harness.mjs";
import { suite } from "./python.mjs";

if (!external) suite("straight_sdk", { config: straight });
