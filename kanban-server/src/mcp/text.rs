//! Text that others wrote, on its way to a model: nothing in it can pass for anything but text.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use serde_json::{Serializer, Value};

/// Whether a character is shown by its number. These change what a reader sees without being seen: controls, marks that
/// turn the direction of writing, joiners of nothing, line ends that only some programs know, and the tag characters and
/// variation selectors in which hidden messages are spelled.
fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        c if c.is_control() => true,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' => true,
        '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' => true,
        '\u{E0000}'..='\u{E0FFF}' => true,
        _ => false,
    }
}

/// The text with every hidden character shown by its number, such as `⟨U+202E⟩`. Line ends become `\n`.
///
/// Joiners stay where scripts and emoji need them (U+200C, U+200D), and so do the selectors of an emoji's look (U+FE0F).
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text: Cow<'_, str> = if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() };
    if !text.chars().any(is_hidden) {
        return text;
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    shown.into()
}

/// A value as JSON in which every hidden character of every text and name is shown, the last thing before an answer leaves.
pub(super) fn json_of(value: &impl Serialize) -> String {
    let mut json = Vec::with_capacity(512);
    let mut serializer = Serializer::with_formatter(&mut json, Shown);
    value.serialize(&mut serializer).expect("answers are plain values with names that are text");
    String::from_utf8(json).expect("JSON is UTF-8")
}

struct Shown;

impl Formatter for Shown {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        writer.write_all(plain(fragment).as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        let escaped = match escape {
            CharEscape::Quote => "\\\"",
            CharEscape::ReverseSolidus => "\\\\",
            CharEscape::Solidus => "/",
            CharEscape::LineFeed => "\\n",
            CharEscape::Tab => "\\t",
            CharEscape::Backspace => "⟨U+0008⟩",
            CharEscape::FormFeed => "⟨U+000C⟩",
            CharEscape::CarriageReturn => "⟨U+000D⟩",
            CharEscape::AsciiControl(byte) => return write!(writer, "⟨U+{byte:04X}⟩"),
        };
        writer.write_all(escaped.as_bytes())
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let value: Value = serde_json::from_str(fragment)?;
        writer.write_all(json_of(&value).as_bytes())
    }
}

/// One line of at most so many characters: what a list shows of a text.
pub(super) fn line(text: &str, characters: usize) -> String {
    let text = plain(text);
    let mut line: String =
        text.chars().map(|c| if c == '\n' || c == '\t' { ' ' } else { c }).take(characters).collect();
    if text.chars().nth(characters).is_some() {
        line.push('…');
    }
    line
}

/// What a character costs on the wire in an answer that is JSON within JSON.
fn cost(c: char) -> usize {
    match c {
        '"' | '\\' => 4,
        '\n' | '\t' => 3,
        c => c.len_utf8(),
    }
}

/// The length of a text on the wire.
pub(super) fn wire_length(text: &str) -> usize {
    text.chars().map(cost).sum()
}

/// As much of the front of a text as costs at most so many bytes on the wire.
pub(super) fn front(text: &str, bytes: usize) -> &str {
    let mut spent = 0;
    for (at, c) in text.char_indices() {
        spent += cost(c);
        if spent > bytes {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{front, json_of, line, plain, wire_length};

    #[test]
    fn hidden_characters_are_shown_and_scripts_are_left_alone() {
        assert_eq!(plain("pay\u{202E}gnp.exe"), "pay⟨U+202E⟩gnp.exe");
        assert_eq!(plain("a\u{1B}[2Jb\u{7}\u{9B}"), "a⟨U+001B⟩[2Jb⟨U+0007⟩⟨U+009B⟩");
        assert_eq!(plain("one\r\ntwo\rthree"), "one\ntwo⟨U+000D⟩three");
        assert_eq!(plain("\u{E0049}\u{E0067}"), "⟨U+E0049⟩⟨U+E0067⟩");
        for kept in ["Дом\tстоит\n", "👩‍💻 ❤️", "می‌خواهم", "שלום", "plain"] {
            assert_eq!(plain(kept), kept);
        }
    }

    #[test]
    fn json_shows_them_in_values_names_and_raw_values() {
        let raw = serde_json::value::RawValue::from_string(r#"{"b":"\u202e\u0000"}"#.to_owned()).unwrap();
        let value = json!({ "a\u{200B}": ["\u{2066}x\r", 1, null, "\u{7F}\"\n"] });
        assert_eq!(json_of(&value), r#"{"a⟨U+200B⟩":["⟨U+2066⟩x⟨U+000D⟩",1,null,"⟨U+007F⟩\"\n"]}"#);
        assert_eq!(json_of(&[raw]), r#"[{"b":"⟨U+202E⟩⟨U+0000⟩"}]"#);
    }

    #[test]
    fn a_line_is_one_line_and_a_front_is_whole_characters() {
        assert_eq!(line("one\ntwo\tthree", 9), "one two t…");
        assert_eq!(line("short", 5), "short");
        assert_eq!(front("äöü", 5), "äö");
        assert_eq!(front("a\"b", 4), "a");
        assert_eq!(front("a\"b", 6), "a\"b");
        let text = "a \"quoted\" \\ line\n\tand ünïcode";
        let once = serde_json::to_string(&json!({ "t": text })).unwrap();
        let twice = serde_json::to_string(&json!({ "text": once })).unwrap();
        let empty =
            serde_json::to_string(&json!({ "text": serde_json::to_string(&json!({ "t": "" })).unwrap() })).unwrap();
        assert_eq!(wire_length(text), twice.len() - empty.len());
    }
}
