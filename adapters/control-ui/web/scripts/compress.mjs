// Packs what `vite build` made, once and as well as possible, so that the gateway never has to.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../dist", import.meta.url).pathname;
const packs = [
  ["br", (data) => brotliCompressSync(data, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  })],
  ["gz", (data) => gzipSync(data, { level: 9 })],
];
/** What is packed already gains nothing. */
const worthwhile = /\.(html|js|css|svg|json|webmanifest)$/;

for (const name of readdirSync(dist, { recursive: true })) {
  const path = join(dist, name);
  if (!worthwhile.test(name) || !statSync(path).isFile()) continue;
  const data = readFileSync(path);
  for (const [ending, pack] of packs) {
    const packed = pack(data);
    if (packed.length < data.length) writeFileSync(`${path}.${ending}`, packed);
  }
}
