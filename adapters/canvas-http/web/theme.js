// How version 0.8 looks: its components take classes and styles from here.
const part = () => ({ container: {}, element: {}, label: {} });
const none = (...names) => Object.fromEntries(names.map((name) => [name, {}]));
const lists = (...names) => Object.fromEntries(names.map((name) => [name, []]));

const line = "1px solid color-mix(in srgb, currentColor 20%, transparent)";
const field = { border: line, borderRadius: "0.5rem", font: "inherit", padding: "0.5rem 0.75rem" };

export const theme = {
  components: {
    ...none("AudioPlayer", "Button", "Card", "Column", "Divider", "Icon", "List", "Row", "Video"),
    CheckBox: part(),
    DateTimeInput: part(),
    MultipleChoice: part(),
    Slider: part(),
    TextField: part(),
    Image: none("all", "icon", "avatar", "smallFeature", "mediumFeature", "largeFeature", "header"),
    Modal: none("backdrop", "element"),
    Tabs: { container: {}, element: {}, controls: none("all", "selected") },
    Text: none("all", "h1", "h2", "h3", "h4", "h5", "caption", "body"),
  },
  elements: none(
    "a", "audio", "body", "button", "h1", "h2", "h3", "h4", "h5", "iframe", "input", "p", "pre",
    "textarea", "video",
  ),
  markdown: lists("p", "h1", "h2", "h3", "h4", "h5", "ul", "ol", "li", "a", "strong", "em"),
  additionalStyles: {
    Button: { ...field, background: "var(--accent)", color: "#fff", cursor: "pointer" },
    Card: { background: "var(--raised)", border: line, borderRadius: "0.75rem", padding: "1rem" },
    Column: { gap: "0.75rem" },
    Row: { gap: "0.75rem" },
    TextField: field,
    DateTimeInput: field,
  },
};
