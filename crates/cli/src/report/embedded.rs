//! Data as they stand in the page.

/// JSON that can stand in an element of HTML: what could end it, or begin a
/// comment or another element, is escaped, and so are the ends of lines that older
/// scripts knew.
pub(super) fn embedded(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' | '\u{2029}' => text.push_str(&format!("\\u{:04x}", char as u32)),
            // JSON escapes those below U+0020 itself; what is left are U+007F to U+009F.
            _ if char.is_control() => text.push_str(&format!("\\u{:04x}", char as u32)),
            _ => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_data_ends_the_element() {
        let json = serde_json::to_string("</script><!--&\u{2028}\u{2029}\u{9b}\u{7f}").unwrap();
        let text = embedded(&json);
        assert!(
            !text.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{9b}', '\u{7f}']),
            "{text}"
        );
        let back: String = serde_json::from_str(&text).unwrap();
        assert_eq!(back, "</script><!--&\u{2028}\u{2029}\u{9b}\u{7f}");
    }
}
