// Bundles the official renderers of A2UI, packed as they are put into the
// program, together with the licences of what is in them.
import { readFile, readdir, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const OUT = "dist";

// Both generations call their elements the same, and a page can have only one of
// a name: those of version 0.9 get another one, where they are made and used.
const renamed = {
  name: "renamed",
  setup(build) {
    build.onLoad({ filter: /@a2ui\/(lit|web_core)\/src\/v0_9\/.*\.js$/ }, async ({ path }) => {
      const text = await readFile(path, "utf8");
      const named = text.replace(/(customElement\(|tagName: )'a2ui-/g, "$1'a2ui-v09-");
      return { contents: named, loader: "js" };
    });
  },
};

async function bundle(entry) {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    format: "iife",
    legalComments: "none",
    metafile: true,
    minify: true,
    plugins: [renamed],
    target: "es2022",
    write: false,
  });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
}

// The folders of the packages the bundles were made of.
function packages(inputs) {
  const names = inputs.map((path) => /^node_modules\/(@[^/]+\/[^/]+|[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter(Boolean))].sort();
}

async function licence(name) {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}

async function put(name, text) {
  const file = join(OUT, `${name}.gz`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, gzipSync(text, { level: 9 }));
}

const bundles = { "a2ui.bundle.js": "host.js", "a2ui-v0.9.js": "v09.js" };
const inputs = [];
for (const [name, entry] of Object.entries(bundles)) {
  const made = await bundle(entry);
  inputs.push(...made.inputs);
  await put(name, made.text);
}
const licences = await Promise.all(packages(inputs).map(licence));
await put("licenses.txt", licences.join(`\n\n${"-".repeat(72)}\n\n`));
await put("index.html", await readFile("index.html", "utf8"));
