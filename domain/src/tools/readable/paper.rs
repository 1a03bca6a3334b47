//! What has been read of a page, with one space between words and one empty line
//! between paragraphs.

use super::Form;

pub(super) struct Paper {
    form: Form,
    text: String,
    /// What comes before the next letter.
    gap: Gap,
    /// What the next letter begins.
    mark: String,
    /// How many elements that keep their spaces are open.
    preformatted: usize,
    link: Option<Link>,
}

/// A link that is open.
struct Link {
    target: String,
    /// Where in the text it began.
    at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
    Paragraph,
}

impl Paper {
    pub(super) fn new(form: Form) -> Self {
        let (text, mark) = (String::new(), String::new());
        Self { form, text, gap: Gap::None, mark, preformatted: 0, link: None }
    }

    pub(super) fn write(&mut self, text: &str) {
        if 0 < self.preformatted {
            self.write_as_it_is(text);
            return;
        }
        let mut words = text.split_whitespace().peekable();
        if text.starts_with(char::is_whitespace) {
            self.space();
        }
        while let Some(word) = words.next() {
            self.begin_letter();
            self.text.push_str(word);
            if words.peek().is_some() || text.ends_with(char::is_whitespace) {
                self.space();
            }
        }
    }

    fn write_as_it_is(&mut self, text: &str) {
        if !text.is_empty() {
            self.begin_letter();
            self.text.push_str(text);
        }
    }

    pub(super) fn space(&mut self) {
        self.gap = self.gap.max(Gap::Space);
    }

    pub(super) fn break_line(&mut self) {
        self.gap = self.gap.max(Gap::Line);
    }

    pub(super) fn break_block(&mut self) {
        self.gap = Gap::Paragraph;
    }

    pub(super) fn begin_heading(&mut self, depth: usize) {
        self.break_block();
        if self.form == Form::Markdown {
            self.mark = format!("{} ", "#".repeat(depth));
        }
    }

    /// One that said nothing leaves no mark.
    pub(super) fn end_heading(&mut self) {
        self.break_block();
        self.mark.clear();
    }

    pub(super) fn begin_item(&mut self) {
        self.break_line();
        if self.form == Form::Markdown {
            "- ".clone_into(&mut self.mark);
        }
    }

    pub(super) fn end_item(&mut self) {
        self.break_line();
        self.mark.clear();
    }

    pub(super) fn begin_preformatted(&mut self) {
        self.break_block();
        self.preformatted += 1;
    }

    pub(super) fn end_preformatted(&mut self) {
        self.preformatted = self.preformatted.saturating_sub(1);
        self.break_block();
    }

    /// A link to `target` begins, and with it another one ends.
    pub(super) fn begin_link(&mut self, target: Option<&str>) {
        self.end_link();
        let target = target.unwrap_or_default().trim();
        // Only what leads somewhere from everywhere.
        let leads = target.starts_with("https://") || target.starts_with("http://");
        let plain = !target.contains(|c: char| c.is_whitespace() || c.is_control() || c == ')');
        if self.form == Form::Markdown && leads && plain {
            // The gap before the link is not part of it.
            self.link = Some(Link { target: target.to_owned(), at: usize::MAX });
        }
    }

    pub(super) fn end_link(&mut self) {
        let Some(Link { target, at }) = self.link.take() else { return };
        let said = self.text.get(at..).unwrap_or_default();
        if said.is_empty() || said.contains(['\n', ']']) {
            return;
        }
        self.text.insert(at, '[');
        self.text.push_str("](");
        self.text.push_str(&target);
        self.text.push(')');
    }

    /// Writes what comes before a letter.
    fn begin_letter(&mut self) {
        if !self.text.is_empty() {
            self.text.push_str(match self.gap {
                Gap::None => "",
                Gap::Space => " ",
                Gap::Line => "\n",
                Gap::Paragraph => "\n\n",
            });
        }
        self.gap = Gap::None;
        self.text.push_str(&std::mem::take(&mut self.mark));
        if let Some(link) = &mut self.link {
            link.at = link.at.min(self.text.len());
        }
    }

    pub(super) fn into_text(mut self) -> String {
        self.end_link();
        self.text.truncate(self.text.trim_end().len());
        self.text
    }
}
