//! Texts with places for what was sent: `{{messages[0].from}}`.

use super::tree::Tree;

/// What can be said about a call.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Its path behind that of the hooks.
    pub path: &'a str,
    /// When it came, as in `2026-01-27T18:30:05.123Z`.
    pub now: &'a str,
    /// Its headers, names in lower case, without those that hold secrets.
    pub headers: &'a [(Box<str>, Box<str>)],
    /// What its address says behind the `?`.
    pub query: &'a [(Box<str>, Box<str>)],
    /// Its body.
    pub payload: &'a Tree,
    /// The element of a list it is about, and which that is.
    pub item: Option<(usize, &'a Tree)>,
}

/// Whether anything in `text` is filled in.
pub fn is_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

/// `template` with every `{{…}}` filled in; what is not there is empty. What was
/// filled in is not looked at again.
pub fn render(template: &str, scene: &Scene<'_>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once("{{") {
        let Some((expression, after)) = behind.split_once("}}") else { break };
        text.push_str(before);
        text.push_str(&scene.value(expression.trim()));
        rest = after;
    }
    text.push_str(rest);
    text
}

impl Scene<'_> {
    fn value(&self, expression: &str) -> String {
        let named = |pairs: &[(Box<str>, Box<str>)], name: &str| {
            pairs.iter().find(|(own, _)| **own == *name).map(|(_, value)| String::from(&**value))
        };
        let found = match expression.split_once('.') {
            None if expression == "path" => Some(self.path.to_owned()),
            None if expression == "now" => Some(self.now.to_owned()),
            None if expression == "payload" => Some(self.payload.shown()),
            None if expression == "index" && self.item.is_some() => {
                self.item.map(|(index, _)| index.to_string())
            }
            None if expression == "item" && self.item.is_some() => {
                self.item.map(|(_, item)| item.shown())
            }
            Some(("headers", name)) => named(self.headers, &name.to_ascii_lowercase()),
            Some(("query", name)) => named(self.query, name),
            Some(("payload", path)) => self.payload.at(path).map(Tree::shown),
            Some(("item", path)) if self.item.is_some() => {
                self.item.and_then(|(_, item)| item.at(path)).map(Tree::shown)
            }
            _ => self.payload.at(expression).map(Tree::shown),
        };
        found.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(list: &[(&str, &str)]) -> Vec<(Box<str>, Box<str>)> {
        list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn places_are_filled_with_what_was_sent() {
        let payload: Tree = serde_json::from_str(
            r#"{"messages":[{"from":"ada","n":1.5,"ok":true}],"path":"p","item":{"x":"own"},
                "evil":"{{headers.x-event}}","null":null}"#,
        )
        .unwrap();
        let headers = pairs(&[("x-event", "push")]);
        let query = pairs(&[("Id", "7"), ("id", "8")]);
        let item: Tree = serde_json::from_str(r#"{"x":"each"}"#).unwrap();
        let scene = Scene {
            path: "gmail",
            now: "2026-01-27T18:30:05.123Z",
            headers: &headers,
            query: &query,
            payload: &payload,
            item: None,
        };
        #[rustfmt::skip]
        let table = [
            ("plain",                                    "plain"),
            ("{{path}} {{ now }}",                       "gmail 2026-01-27T18:30:05.123Z"),
            ("{{payload.path}}",                         "p"),
            ("From {{messages[0].from}}!",               "From ada!"),
            ("{{payload.messages[0].n}}",                "1.5"),
            ("{{messages[0].ok}}{{null}}{{nothing}}",    "true"),
            ("{{messages[0]}}",                          r#"{"from":"ada","n":1.5,"ok":true}"#),
            ("{{messages[1].from}}",                     ""),
            ("{{headers.X-Event}} {{query.id}}",         "push 8"),
            ("{{headers.x-other}}|{{query.nope}}",       "|"),
            ("{{evil}}",                                 "{{headers.x-event}}"),
            ("{{item.x}} {{index}}",                     "own "),
            ("{{__proto__}}{{constructor}}{{}}",         ""),
            ("{{ open",                                  "{{ open"),
            ("}} {{path}} {{",                           "}} gmail {{"),
        ];
        for (template, expected) in table {
            assert_eq!(render(template, &scene), expected, "{template}");
        }
        let scene = Scene { item: Some((4, &item)), ..scene };
        assert_eq!(render("{{item.x}} {{index}} {{item}}", &scene), r#"each 4 {"x":"each"}"#);
        assert!(is_template("a {{b}}") && !is_template("a }} {{ b"));
    }

    proptest! {
        /// Every template comes to an end, and text without places stays.
        #[test]
        fn anything_is_a_template(text in "[a{}. \\[\\]0]{0,60}", plain in "[^{]{0,40}") {
            let payload = Tree::Null;
            let scene =
                Scene { path: "", now: "", headers: &[], query: &[], payload: &payload, item: None };
            let _ = render(&text, &scene);
            prop_assert_eq!(render(&plain, &scene), plain);
        }
    }
}
