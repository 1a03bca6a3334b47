//! Patterns for the names of models.

/// Whether `model` fits `pattern`, in which `*` is anything. Case does not
/// matter.
pub fn fits(pattern: &str, model: &str) -> bool {
    let (pattern, model) = (pattern.trim().as_bytes(), model.as_bytes());
    let (mut p, mut m) = (0, 0);
    // Where to go on when what follows the last star does not fit: behind it,
    // with one more byte taken by it.
    let mut star: Option<(usize, usize)> = None;
    while m < model.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                star = Some((p, m));
            }
            Some(byte) if byte.eq_ignore_ascii_case(&model[m]) => (p, m) = (p + 1, m + 1),
            Some(_) | None => match star {
                Some((behind, from)) => {
                    star = Some((behind, from + 1));
                    (p, m) = (behind, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_is_anything() {
        #[rustfmt::skip]
        let table = [
            // pattern           model                     fits
            ("*",                "openai/gpt-5",           true),
            ("openai/*",         "openai/gpt-5",           true),
            ("OpenAI/GPT-*",     "openai/gpt-5",           true),
            (" openai/gpt-5 ",   "openai/gpt-5",           true),
            ("*/gpt-5",          "openai/gpt-5",           true),
            ("*gpt*mini*",       "openai/gpt-5-mini",      true),
            ("openrouter/*/l*3", "openrouter/meta/llama3", true),
            ("openai/gpt-5",     "openai/gpt-5-mini",      false),
            ("openai/*",         "openrouter/openai/x",    false),
            ("*mini",            "openai/gpt-5-minis",     false),
            ("",                 "openai/gpt-5",           false),
        ];
        for (pattern, model, expected) in table {
            assert_eq!(fits(pattern, model), expected, "{pattern} {model}");
        }
    }

    proptest! {
        /// Letters of a text that become stars do not make it fit less.
        #[test]
        fn a_text_fits_itself_with_stars_in_it(
            text in "[a-c/]{0,12}",
            stars in prop::collection::vec(any::<bool>(), 12),
        ) {
            let starred: String =
                text.chars().zip(stars).map(|(c, star)| if star { '*' } else { c }).collect();
            prop_assert!(fits(&starred, &text));
            prop_assert_eq!(fits(&text, &format!("{text}x")), false);
        }
    }
}
