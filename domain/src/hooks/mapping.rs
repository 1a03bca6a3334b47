//! What a call to a path of one's own means.

use super::{
    draft::{Draft, KeyOrigin},
    template::{Scene, is_template, render},
    tree::Tree,
};

/// How many elements of a list a mapping is for.
pub const MAX_ITEMS: usize = 200;

/// What is done about calls it [takes](Self::takes).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// Only calls to this path, if one is named.
    pub path: Option<Box<str>>,
    /// Only calls that say this is their `source`, if one is named.
    pub source: Option<Box<str>>,
    /// What is to be done, its texts being templates.
    pub template: Draft,
    /// Where in the body a list is, for each element of which it is done.
    pub for_each: Option<Box<str>>,
}

/// Why a mapping is not for the elements of a list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ItemsError {
    /// There is no list.
    #[error("hook mapping: there is no list at \"{0}\"")]
    NoList(Box<str>),
    /// There are too many elements.
    #[error(
        "hook mapping: the list at \"{path}\" has {count} elements, at most {MAX_ITEMS} are taken"
    )]
    TooMany {
        /// Where the list is.
        path: Box<str>,
        /// How many there are.
        count: usize,
    },
}

/// One of the things a call is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    /// What templates find: for an element of a list, the body with that
    /// element as the only one of the list.
    pub payload: Tree,
    /// The element.
    pub item: Option<(usize, Tree)>,
}

impl Mapping {
    /// Mail, as the watcher of Gmail sends it on.
    pub fn gmail() -> Self {
        let template = Draft {
            name: Some("Gmail".to_owned()),
            session_key: Some(("hook:gmail:{{messages[0].id}}".to_owned(), KeyOrigin::Configured)),
            message: Some(
                "Mail from {{messages[0].from}}\nSubject: {{messages[0].subject}}\n\n\
                 {{messages[0].snippet}}\n\n{{messages[0].body}}"
                    .to_owned(),
            ),
            ..Draft::default()
        };
        Self { path: Some("gmail".into()), template, ..Self::default() }
    }

    /// Whether it is for a call to `path` with `payload`.
    pub fn takes(&self, path: &str, payload: &Tree) -> bool {
        let source = || payload.get("source").and_then(Tree::as_text);
        self.is_for_path(path) && self.source.as_deref().is_none_or(|own| source() == Some(own))
    }

    /// Whether it is for calls to `path`, whatever they bring.
    pub fn is_for_path(&self, path: &str) -> bool {
        let bare = |path: &str| path.trim_matches('/').to_owned();
        self.path.as_deref().is_none_or(|own| bare(own) == bare(path))
    }

    /// The things a call with `payload` is about: one, or one for each element.
    pub fn occasions(
        &self,
        payload: Tree,
    ) -> Result<impl Iterator<Item = Occasion> + use<>, ItemsError> {
        let (frame, list, path) = match self.for_each.clone() {
            None => (payload, vec![None], None),
            Some(path) => {
                let list = match payload.at(&path) {
                    Some(Tree::List(list)) if list.len() <= MAX_ITEMS => list.clone(),
                    Some(Tree::List(list)) => {
                        return Err(ItemsError::TooMany { count: list.len(), path });
                    }
                    _ => return Err(ItemsError::NoList(path)),
                };
                let frame = payload.with(&path, Tree::List(Vec::new()));
                (frame, list.into_iter().map(Some).collect(), Some(path))
            }
        };
        Ok(list.into_iter().enumerate().map(move |(index, item)| match (item, &path) {
            (Some(item), Some(path)) => Occasion {
                payload: frame.clone().with(path, Tree::List(vec![item.clone()])),
                item: Some((index, item)),
            },
            _ => Occasion { payload: frame.clone(), item: None },
        }))
    }

    /// What is to be done about the call `scene` tells of.
    pub fn draft(&self, scene: &Scene<'_>) -> Draft {
        let fill = |text: &Option<String>| text.as_deref().map(|text| render(text, scene));
        let template = &self.template;
        Draft {
            text: fill(&template.text),
            message: fill(&template.message),
            name: fill(&template.name),
            session_key: template.session_key.as_ref().map(|(key, _)| {
                let from_outside = is_template(key);
                let origin = if from_outside { KeyOrigin::Template } else { KeyOrigin::Configured };
                (render(key, scene), origin)
            }),
            channel: fill(&template.channel),
            to: fill(&template.to),
            model: fill(&template.model),
            thinking: fill(&template.thinking),
            is_of_mapping: true,
            ..template.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        serde_json::from_str(text).unwrap()
    }

    fn scene(occasion: &Occasion) -> Scene<'_> {
        Scene {
            path: "p",
            now: "",
            headers: &[],
            query: &[],
            payload: &occasion.payload,
            item: occasion.item.as_ref().map(|(index, item)| (*index, item)),
        }
    }

    #[test]
    fn a_mapping_takes_what_it_is_for() {
        let mapping = |path: Option<&str>, source: Option<&str>| Mapping {
            path: path.map(Into::into),
            source: source.map(Into::into),
            ..Mapping::default()
        };
        #[rustfmt::skip]
        let table = [
            (None,          None,       "any/thing", "{}",                   true),
            (Some("a/b"),   None,       "a/b",       "{}",                   true),
            (Some("/a/b/"), None,       "a/b",       "null",                 true),
            (Some("a"),     None,       "a/b",       "{}",                   false),
            (Some("a"),     None,       "A",         "{}",                   false),
            (None,          Some("ci"), "x",         r#"{"source":"ci"}"#,   true),
            (None,          Some("ci"), "x",         r#"{"source":["ci"]}"#, false),
            (None,          Some("ci"), "x",         "[]",                   false),
            (Some("a"),     Some("ci"), "b",         r#"{"source":"ci"}"#,   false),
        ];
        for (path, source, asked, payload, expected) in table {
            let taken = mapping(path, source).takes(asked, &tree(payload));
            assert_eq!(taken, expected, "{path:?} {source:?} {asked} {payload}");
        }
    }

    #[test]
    fn each_element_of_a_list_is_an_occasion() {
        let mapping = Mapping {
            for_each: Some("data.list".into()),
            template: Draft {
                message: Some("{{data.list[0].n}} {{item.n}} {{index}} {{data.of}}".to_owned()),
                ..Draft::default()
            },
            ..Mapping::default()
        };
        let payload = tree(r#"{"data":{"list":[{"n":"a"},{"n":"b"}],"of":"x"}}"#);
        let messages: Vec<_> = mapping
            .occasions(payload)
            .unwrap()
            .map(|occasion| mapping.draft(&scene(&occasion)).message.unwrap())
            .collect();
        assert_eq!(messages, ["a a 0 x", "b b 1 x"]);

        let count = |payload: &str| mapping.occasions(tree(payload)).map(Iterator::count);
        let list =
            |length: usize| format!(r#"{{"data":{{"list":[{}0]}}}}"#, "0,".repeat(length - 1));
        assert_eq!(count(r#"{"data":{"list":[]}}"#), Ok(0));
        assert_eq!(count(&list(200)), Ok(200));
        let too_many = ItemsError::TooMany { path: "data.list".into(), count: 201 };
        assert_eq!(count(&list(201)), Err(too_many));
        assert_eq!(count("{}"), Err(ItemsError::NoList("data.list".into())));
    }

    #[test]
    fn mail_is_told_with_sender_and_subject() {
        let mail = Mapping::gmail();
        let payload = tree(
            r#"{"messages":[{"id":"7","from":"ada","subject":"hi","snippet":"s","body":"b"}]}"#,
        );
        assert!(mail.takes("gmail", &payload));
        let occasion = mail.occasions(payload).unwrap().next().unwrap();
        let draft = mail.draft(&scene(&occasion));
        assert_eq!(draft.session_key, Some(("hook:gmail:7".to_owned(), KeyOrigin::Template)));
        assert_eq!(draft.message.as_deref(), Some("Mail from ada\nSubject: hi\n\ns\n\nb"));
    }
}
