// Which words of a program stand out. No grammar is needed for that: what is quoted, commented, counted
// or reserved looks alike in most languages.

export type Tone = "plain" | "comment" | "text" | "number" | "word" | "name";
export type Span = readonly [Tone, string];

interface Family {
  comments: string;
  quotes: string;
  words: string;
}

const C_LIKE = "//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|(?![\\s\\S]))";
const HASH = "#[^\\n]*";
const DASHES = "--[^\\n]*";
const SINGLE_LINE = "\"(?:\\\\.|[^\"\\\\\\n])*\"?|'(?:\\\\.|[^'\\\\\\n])*'?";
const TEMPLATES = SINGLE_LINE + "|`(?:\\\\.|[^`\\\\])*`?";
const TRIPLE = "\"\"\"[\\s\\S]*?(?:\"\"\"|(?![\\s\\S]))|'''[\\s\\S]*?(?:'''|(?![\\s\\S]))|" + SINGLE_LINE;

const FAMILIES: Record<string, Family> = {
  script: {
    comments: C_LIKE,
    quotes: TEMPLATES,
    words: "as async await break case catch class const continue default delete do else enum export extends false finally for from function if implements import in instanceof interface let new null of private protected public readonly return static super switch this throw true try type typeof undefined var void while with yield",
  },
  rust: {
    comments: C_LIKE,
    quotes: "\"(?:\\\\[\\s\\S]|[^\"\\\\])*\"?",
    words: "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while",
  },
  compiled: {
    comments: C_LIKE,
    quotes: SINGLE_LINE,
    words: "abstract auto bool break case catch char class const continue default defer do double else enum extends extern false final float for func go goto if implements import int interface internal let long map namespace new nil null override package private protected public range return select short signed sizeof static string struct super switch template this throw true try type typedef union unsigned using val var virtual void volatile when while",
  },
  python: {
    comments: HASH,
    quotes: TRIPLE,
    words: "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield",
  },
  shell: {
    comments: "(?<=^|\\s)#[^\\n]*",
    quotes: SINGLE_LINE,
    words: "case cd do done echo elif else esac exit export fi for function if in local return set source sudo then until while",
  },
  data: { comments: HASH + "|" + C_LIKE, quotes: SINGLE_LINE, words: "true false null yes no on off" },
  sql: {
    comments: DASHES + "|" + C_LIKE,
    quotes: SINGLE_LINE,
    words: "add all alter and as asc between by case create default delete desc distinct drop else end exists false foreign from group having if in index inner insert into is join key left like limit not null on or order outer primary references right select set table then true union unique update values view when where with",
  },
};

const LANGUAGES: Record<string, keyof typeof FAMILIES> = {
  js: "script", jsx: "script", javascript: "script", mjs: "script", ts: "script", tsx: "script", typescript: "script",
  rs: "rust", rust: "rust",
  c: "compiled", cpp: "compiled", "c++": "compiled", cs: "compiled", csharp: "compiled", java: "compiled", go: "compiled",
  kotlin: "compiled", kt: "compiled", swift: "compiled", php: "compiled", dart: "compiled", zig: "compiled",
  py: "python", python: "python", rb: "python", ruby: "python",
  sh: "shell", bash: "shell", shell: "shell", zsh: "shell", console: "shell", dockerfile: "shell", makefile: "shell",
  json: "data", json5: "data", jsonc: "data", yaml: "data", yml: "data", toml: "data", ini: "data",
  sql: "sql",
};

/** Longer programs are shown as they are. */
const MOST = 60_000;
const patterns = new Map<string, RegExp>();

/** The spans of a program; together they are the program. */
export function highlight(text: string, language: string): Span[] {
  const family = LANGUAGES[language.toLowerCase()];
  if (!family || text.length > MOST) return [["plain", text]];
  const pattern = patternOf(family);
  const spans: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) spans.push(["plain", text.slice(from, match.index)]);
    spans.push([toneOf(match), match[0]]);
    from = match.index + match[0].length;
  }
  if (from < text.length) spans.push(["plain", text.slice(from)]);
  return spans;
}

function toneOf({ groups }: RegExpExecArray): Tone {
  for (const tone of ["comment", "text", "number", "word", "name"] as const) {
    if (groups?.[tone] !== undefined) return tone;
  }
  return "plain";
}

function patternOf(name: keyof typeof FAMILIES): RegExp {
  const known = patterns.get(name);
  if (known) return known;
  const { comments, quotes, words } = FAMILIES[name]!;
  const parts = [
    `(?<comment>${comments})`,
    `(?<text>${quotes})`,
    "(?<number>\\b(?:0x[\\da-f_]+|\\d[\\d_]*(?:\\.\\d+)?(?:e[+-]?\\d+)?)\\b)",
    `(?<word>\\b(?:${words.split(" ").join("|")})\\b)`,
    "(?<name>\\b[A-Za-z_]\\w*(?=\\())",
  ];
  const pattern = new RegExp(parts.join("|"), name === "sql" ? "gim" : "gm");
  patterns.set(name, pattern);
  return pattern;
}
