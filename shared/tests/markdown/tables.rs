//! Tables and `~~`: GFM's own examples (<https://github.github.com/gfm/>, 198 to 205, 491, 492), in the words of this file.

use crate::html::html;

fn table(head: &str, rows: &str) -> String {
    format!("<table><tr>{head}</tr>{rows}</table>")
}

#[test]
fn a_head_a_line_of_dashes_and_rows_are_a_table() {
    let expected = table("<th>foo</th><th>bar</th>", "<tr><td>baz</td><td>bim</td></tr>");
    assert_eq!(html("| foo | bar |\n| --- | --- |\n| baz | bim |\n"), expected);
    assert_eq!(html("foo|bar\n-|-\nbaz|bim"), expected);
}

#[test]
fn colons_align_columns() {
    assert_eq!(
        html("| a | b | c | d |\n|---|:--|--:|:-:|"),
        table("<th>a</th><th align=\"left\">b</th><th align=\"right\">c</th><th align=\"center\">d</th>", "")
    );
}

#[test]
fn a_bar_behind_a_backslash_is_text() {
    assert_eq!(
        html("| f\\|oo |\n| ------ |\n| b `\\|` az |\n| b **\\|** im |"),
        table("<th>f|oo</th>", "<tr><td>b <code>|</code> az</td></tr><tr><td>b <strong>|</strong> im</td></tr>")
    );
}

#[test]
fn the_table_ends_at_an_empty_line_or_another_block() {
    let expected = table("<th>abc</th><th>def</th>", "<tr><td>bar</td><td>baz</td></tr>");
    assert_eq!(
        html("| abc | def |\n| --- | --- |\n| bar | baz |\n> bar"),
        format!("{expected}<blockquote><p>bar</p></blockquote>")
    );
    assert_eq!(html("| abc | def |\n| --- | --- |\n| bar | baz |\n\nbar"), format!("{expected}<p>bar</p>"));
}

#[test]
fn a_line_of_dashes_with_another_number_of_cells_makes_no_table() {
    for text in ["| abc | def |\n| --- |\n| bar |", "abc\n|-|-|", "a | b\n-- | x", "a | b\n:: | --", "a\n:-:"] {
        assert!(html(text).starts_with("<p>"), "{text}");
    }
}

#[test]
fn rows_may_be_shorter_or_longer_than_the_head() {
    assert_eq!(
        html("| a | b |\n|--|--|\n| bar |\n| bar | baz | boo |"),
        table("<th>a</th><th>b</th>", "<tr><td>bar</td></tr><tr><td>bar</td><td>baz</td><td>boo</td></tr>")
    );
}

#[test]
fn lines_before_the_head_are_a_paragraph() {
    assert_eq!(
        html("Look:\n| a |\n|---|\n| b |"),
        "<p>Look:</p>".to_owned() + &table("<th>a</th>", "<tr><td>b</td></tr>")
    );
}

#[test]
fn two_tildes_strike_and_one_means_about() {
    assert_eq!(html("~~Hi~~ Hello, ~there~ world!"), "<p><del>Hi</del> Hello, ~there~ world!</p>");
    assert_eq!(html("This will ~~~not~~~ strike. ~5 km, ~6 km"), "<p>This will ~~~not~~~ strike. ~5 km, ~6 km</p>");
}
