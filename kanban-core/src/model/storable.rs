//! What of JSON PostgreSQL's `jsonb` can store: not every text that is JSON.

/// The most objects and arrays inside each other.
const DEPTH: usize = 100;

/// The most digits of a number: far within what the database's numbers hold.
const DIGITS: usize = 1000;

/// Says what in a JSON text cannot be stored, as the end of a sentence.
///
/// The text must be JSON already; only what is beyond that is looked at.
pub(super) fn check(json: &str) -> Result<(), String> {
    let bytes = json.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string(bytes, at + 1)?,
            b'{' | b'[' => {
                depth += 1;
                if depth > DEPTH {
                    return Err(format!("must not have more than {DEPTH} objects and arrays inside each other"));
                }
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b'-' | b'0'..=b'9' => at = number(bytes, at)?,
            _ => at += 1,
        }
    }
    Ok(())
}

/// Goes behind a string whose first character is at `at`.
fn string(bytes: &[u8], mut at: usize) -> Result<usize, String> {
    loop {
        match bytes.get(at) {
            None | Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                let Some(code) = escape(bytes, at) else {
                    at += 2;
                    continue;
                };
                at += 6;
                match code {
                    0 => return Err("must not contain the character U+0000".to_owned()),
                    // the first half of a character beyond U+FFFF; the second must follow
                    0xD800..=0xDBFF if matches!(escape(bytes, at), Some(0xDC00..=0xDFFF)) => at += 6,
                    0xD800..=0xDFFF => return Err("must not contain half a character (a lone surrogate)".to_owned()),
                    _ => {}
                }
            }
            Some(_) => at += 1,
        }
    }
}

/// The code of a `\uXXXX` escape at `at`, if there is one.
fn escape(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Goes behind a number that begins at `at`.
fn number(bytes: &[u8], at: usize) -> Result<usize, String> {
    let length = bytes[at..].iter().take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')).count();
    let text = std::str::from_utf8(&bytes[at..at + length]).unwrap_or_default();
    let exponent = text.split_once(['e', 'E']).map_or("0", |(_, exponent)| exponent);
    let fits = exponent.parse::<i64>().is_ok_and(|exponent| exponent.unsigned_abs() <= DIGITS as u64);
    // beyond a double most readers fail, ours too (RFC 8259, section 6)
    if length > DIGITS || !fits || !text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(format!(
            "must not have a number of more than {DIGITS} digits or beyond a double's range (1.8e308)"
        ));
    }
    Ok(at + length)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_what_cannot_be_stored_is_found() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        for good in [
            r#"{"a": "\\u0000", "b": "\ud83d\ude00 \u00e9 \"[", "c": [1, -2.5e300, 1E+10, 0, true, null]}"#.to_owned(),
            deep(100),
            format!("[{}]", "9".repeat(308)),
            // the largest double, as it is written and as the database gives it back
            "[1.7976931348623157e308]".to_owned(),
            format!("[{:.0}]", f64::MAX),
        ] {
            assert_eq!(check(&good), Ok(()), "{good}");
            assert!(serde_json::from_str::<serde_json::Value>(&good).is_ok(), "it can be read: {good}");
        }
        for (bad, sign) in [
            (r#"{"a": "\u0000"}"#.to_owned(), "U+0000"),
            (r#"{"a\\\u0000": 1}"#.to_owned(), "U+0000"),
            (r#"["\ud800"]"#.to_owned(), "half a character"),
            (r#"["\ud800\u0041"]"#.to_owned(), "half a character"),
            (r#"["\ude00\ud83d"]"#.to_owned(), "half a character"),
            (deep(101), "inside each other"),
            (format!("[{}]", "9".repeat(1001)), "digits"),
            ("[1e400]".to_owned(), "double"),
            ("[1e1001]".to_owned(), "double"),
            ("[1e-99999999999999999999]".to_owned(), "double"),
        ] {
            assert!(check(&bad).is_err_and(|detail| detail.contains(sign)), "{bad}");
        }
    }
}
