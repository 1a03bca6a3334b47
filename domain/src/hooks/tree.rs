//! What somebody sent, as a tree.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A JSON value somebody sent. Nothing is in it but what was sent: there are no
/// inherited names to be found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Tree {
    /// `null`, or nothing at all.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number that is not negative.
    Natural(u64),
    /// A negative whole number.
    Negative(i64),
    /// Any other number.
    Fraction(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// Values by name.
    Map(BTreeMap<String, Tree>),
}

impl Tree {
    /// The value called `name` in here.
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// The value at `index` of this list.
    pub fn item(&self, index: usize) -> Option<&Self> {
        match self {
            Self::List(list) => list.get(index),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value at `path`, as in `a[0].b`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        steps(path)?.into_iter().try_fold(self, |tree, step| match step {
            Step::Name(name) => tree.get(name),
            Step::Index(index) => tree.item(index),
        })
    }

    /// The same tree with `value` at `path`, where there is something already.
    #[must_use]
    pub fn with(mut self, path: &str, value: Self) -> Self {
        let place = steps(path).and_then(|steps| {
            steps.into_iter().try_fold(&mut self, |tree, step| match (tree, step) {
                (Self::Map(map), Step::Name(name)) => map.get_mut(name),
                (Self::List(list), Step::Index(index)) => list.get_mut(index),
                _ => None,
            })
        });
        if let Some(place) = place {
            *place = value;
        }
        self
    }

    /// How it stands in a text: texts as they are, nothing for nothing, and
    /// everything else as JSON.
    pub fn shown(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

/// The steps of `a[0].b`: none if it is not such a path.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let (name, mut rest) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        if !name.is_empty() {
            steps.push(Step::Name(name));
        } else if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let (index, behind) = rest.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Index(index.parse().ok()?));
            rest = behind;
        }
    }
    Some(steps)
}

/// As JSON, without spaces.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(is_so) => write!(f, "{is_so}"),
            Self::Natural(number) => write!(f, "{number}"),
            Self::Negative(number) => write!(f, "{number}"),
            Self::Fraction(number) => write!(f, "{number}"),
            Self::Text(text) => quoted(f, text),
            Self::List(list) => {
                for (index, value) in list.iter().enumerate() {
                    f.write_str(if index == 0 { "[" } else { "," })?;
                    value.fmt(f)?;
                }
                f.write_str(if list.is_empty() { "[]" } else { "]" })
            }
            Self::Map(map) => {
                for (index, (name, value)) in map.iter().enumerate() {
                    f.write_str(if index == 0 { "{" } else { "," })?;
                    quoted(f, name)?;
                    f.write_str(":")?;
                    value.fmt(f)?;
                }
                f.write_str(if map.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
            other => write!(f, "{other}")?,
        }
    }
    f.write_str("\"")
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(is_so) => serializer.serialize_bool(*is_so),
            Self::Natural(number) => serializer.serialize_u64(*number),
            Self::Negative(number) => serializer.serialize_i64(*number),
            Self::Fraction(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(map) => serializer.collect_map(map),
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Gardener)
    }
}

struct Gardener;

impl<'de> Visitor<'de> for Gardener {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, is_so: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(is_so))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Tree, E> {
        Ok(Tree::Natural(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Tree, E> {
        Ok(u64::try_from(number).map_or(Tree::Negative(number), Tree::Natural))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Tree, E> {
        Ok(Tree::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Tree, E> {
        Ok(Tree::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((name, value)) = entries.next_entry()? {
            map.insert(name, value);
        }
        Ok(Tree::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree(text: &str) -> Tree {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn values_are_found_by_their_path() {
        let tree = tree(r#"{"a":[{"b":"x"},[1,-2]],"c":null,"d.e":5,"list":[[7]]}"#);
        let shown = |path: &str| tree.at(path).map(Tree::shown);
        #[rustfmt::skip]
        let table = [
            ("a[0].b",      Some("x")),
            ("a[1][1]",     Some("-2")),
            ("a.[0].b",     Some("x")),
            ("list[0][0]",  Some("7")),
            ("c",           Some("")),
            ("a[0]",        Some(r#"{"b":"x"}"#)),
            ("a[2]",        None),
            ("a[-1]",       None),
            ("a[x]",        None),
            ("a[0",         None),
            ("a[0]b",       None),
            ("a.b",         None),
            ("d.e",         None),
            ("",            None),
            ("a..b",        None),
            ("__proto__",   None),
            ("constructor.name", None),
            ("a.length",    None),
        ];
        for (path, expected) in table {
            assert_eq!(shown(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_value_is_replaced_where_there_is_one() {
        let before = tree(r#"{"a":{"list":[1,2]},"b":3}"#);
        let after = before.clone().with("a.list", Tree::List(vec![Tree::Natural(2)]));
        assert_eq!(after.to_string(), r#"{"a":{"list":[2]},"b":3}"#);
        assert_eq!(before.clone().with("a.nothing", Tree::Null), before);
    }

    fn any_tree() -> impl Strategy<Value = Tree> {
        let leaf = prop_oneof![
            Just(Tree::Null),
            any::<bool>().prop_map(Tree::Bool),
            any::<u64>().prop_map(Tree::Natural),
            (i64::MIN..0).prop_map(Tree::Negative),
            any::<String>().prop_map(Tree::Text),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::List),
                prop::collection::btree_map(any::<String>(), inner, 0..4).prop_map(Tree::Map),
            ]
        })
    }

    proptest! {
        /// What is written as JSON is read as the same.
        #[test]
        fn json_comes_back_as_it_was(tree in any_tree()) {
            let read: Tree = serde_json::from_str(&tree.to_string()).unwrap();
            prop_assert_eq!(&read, &tree);
            let written = serde_json::to_string(&tree).unwrap();
            prop_assert_eq!(serde_json::from_str::<Tree>(&written).unwrap(), tree);
        }

        /// No path makes anything fall over.
        #[test]
        fn any_text_is_a_path_or_none(path in ".{0,40}") {
            let _ = tree(r#"{"a":[{"b":1}]}"#).at(&path);
        }
    }
}
