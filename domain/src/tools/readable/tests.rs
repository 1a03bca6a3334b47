use proptest::prelude::*;

use super::*;

#[test]
fn what_pages_say() {
    #[rustfmt::skip]
    let table = [
        // page                                                     as Markdown                        as text
        ("<p>a <i>b</i>c</p><p>d",                                  "a bc\n\nd",                       "a bc\n\nd"),
        ("<h2>One</h2>two<br>three",                                "## One\n\ntwo\nthree",            "One\n\ntwo\nthree"),
        ("<ul><li>one<li> two </ul>x",                              "- one\n- two\n\nx",               "one\ntwo\n\nx"),
        ("see <a href='https://a.example/x?y'> this </a>!",         "see [this](https://a.example/x?y) !", "see this !"),
        ("<a class=x href=https://a.example>b</a>c",                "[b](https://a.example)c",         "bc"),
        ("<a href=\"javascript:x()\">b</a>",                        "b",                               "b"),
        ("<a href=/b>b</a>",                                        "b",                               "b"),
        ("<a href=https://a.example><p>b<p>c</a>",                  "b\n\nc",                          "b\n\nc"),
        ("<a href=https://a.example>",                              "",                                ""),
        ("<a href=https://a.example>b",                             "[b](https://a.example)",          "b"),
        ("a<script>if (1<2) {}</SCRIPT >b<style>p{}</style>c",      "abc",                             "abc"),
        ("a<!-- <p>hidden</p> -->b",                                "ab",                              "ab"),
        ("a<script>never ends",                                     "a",                               "a"),
        ("a<p title=\"1 > 2\">b",                                   "a\n\nb",                          "a\n\nb"),
        ("1 < 2 &amp;&amp; 3 &gt; 2",                               "1 < 2 && 3 > 2",                  "1 < 2 && 3 > 2"),
        ("<pre>a\n  b</pre>c\n  d",                                 "a\n  b\n\nc d",                   "a\n  b\n\nc d"),
        ("<table><tr><td>1<td>2<tr><td>3</table>",                  "1 2\n3",                          "1 2\n3"),
        ("<!doctype html><?xml?>a",                                 "a",                               "a"),
        ("cut <p",                                                  "cut",                             "cut"),
        ("</>a</ b>c",                                              "</>a</ b>c",                      "</>a</ b>c"),
        ("<li><p>a</p></li><li>b",                                  "- a\n\n- b",                      "a\n\nb"),
        ("<li></li><h1></h1>a",                                     "a",                               "a"),
        ("",                                                        "",                                ""),
    ];
    for (page, markdown, text) in table {
        assert_eq!(read_page(page, Form::Markdown).text, markdown, "{page}");
        assert_eq!(read_page(page, Form::Text).text, text, "{page}");
    }
}

#[test]
fn a_page_has_a_title() {
    #[rustfmt::skip]
    let table = [
        ("<title> A &amp; \n B </title><title>C</title>x",  Some("A & B")),
        ("<title> </title>x",                                None),
        ("x",                                                None),
    ];
    for (page, title) in table {
        let page = read_page(page, Form::default());
        assert_eq!((page.title.as_deref(), page.text.as_str()), (title, "x"));
    }
}

proptest! {
    /// Whatever is sent as a page: reading it ends, and no script, no comment
    /// and no control character written by number comes out.
    #[test]
    fn no_page_is_too_odd(pieces in proptest::collection::vec(prop_oneof![
        Just("<"), Just(">"), Just("</"), Just("<a href=\"https://a.example/\">"), Just("</a>"),
        Just("<script>"), Just("SECRET</script>"), Just("<!--"), Just("-->"), Just("<li>"),
        Just("<pre>"), Just("</pre>"), Just("<h1 x='"), Just("'"), Just("&#27;"), Just("ü &lt;b"),
        Just(" \n "), Just("]"), Just("<title>"), Just("</title>"),
    ], 0..40)) {
        let page: String = pieces.concat();
        for form in [Form::Markdown, Form::Text] {
            let read = read_page(&page, form);
            let escapes = read.text.contains('\u{1b}');
            prop_assert!(!escapes);
            prop_assert_eq!(read.text.trim_end(), read.text.as_str());
        }
        let closed = format!("a<script>{}</script>b", page.replace("</", "< "));
        prop_assert_eq!(read_page(&closed, Form::Text).text, "ab");
    }
}
