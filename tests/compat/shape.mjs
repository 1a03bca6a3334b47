// What a value must look like, in a few words. `problems(shape, value)` lists what is wrong, with paths.
//
// A key ending in `?` may be absent; it may never be null unless its shape says `nullable`. An object is
// open (later fields are allowed) unless it is `closed`, which is how the January client read frames.

const fits = (test, name) => (value, at) => (test(value) ? [] : [`${at}: expected ${name}, got ${JSON.stringify(value)?.slice(0, 80)}`]);

export const any = () => [];
export const string = fits((v) => typeof v === "string", "a string");
export const text = fits((v) => typeof v === "string" && v.length > 0, "a non-empty string");
export const bool = fits((v) => typeof v === "boolean", "a boolean");
export const int = fits((v) => Number.isSafeInteger(v), "an integer");
export const count = fits((v) => Number.isSafeInteger(v) && v >= 0, "an integer ≥ 0");
export const literal = (...values) => fits((v) => values.includes(v), values.map((v) => JSON.stringify(v)).join(" or "));
export const nullable = (shape) => (value, at) => (value === null ? [] : shape(value, at));
export const list = (shape) => (value, at) =>
  Array.isArray(value) ? value.flatMap((item, i) => shape(item, `${at}[${i}]`)) : [`${at}: expected a list, got ${JSON.stringify(value)?.slice(0, 80)}`];
export const record = fits((v) => v !== null && typeof v === "object" && !Array.isArray(v), "an object");

function object(fields, isClosed) {
  const wanted = Object.entries(fields).map(([key, shape]) => [key.replace(/\?$/, ""), key.endsWith("?"), shape]);
  return (value, at) => {
    const wrong = record(value, at);
    if (wrong.length) return wrong;
    const out = [];
    for (const [key, optional, shape] of wanted) {
      if (key in value) out.push(...shape(value[key], `${at}.${key}`));
      else if (!optional) out.push(`${at}: no ${key}`);
    }
    if (isClosed) {
      for (const key of Object.keys(value)) {
        if (!wanted.some(([known]) => known === key)) out.push(`${at}: unexpected ${key}`);
      }
    }
    return out;
  };
}

export const open = (fields) => object(fields, false);
export const closed = (fields) => object(fields, true);

export const problems = (shape, value) => shape(value, "$");
