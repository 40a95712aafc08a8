//! The grammar of media types: RFC 6838 for the names, RFC 2045 for what may follow them.

/// Whether this is `type/subtype`, with parameters or without.
pub(super) fn is_media_type(text: &str) -> bool {
    let (names, parameters) = text.split_at(text.find([';', ' ', '\t']).unwrap_or(text.len()));
    names.split_once('/').is_some_and(|(kind, subtype)| is_name(kind) && is_name(subtype)) && are_parameters(parameters)
}

/// A restricted name of RFC 6838, section 4.2.
fn is_name(text: &str) -> bool {
    (1..=127).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
}

/// A token of RFC 2045, section 5.1.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte))
}

/// Any number of `; attribute=value`, with space around the semicolons.
fn are_parameters(mut rest: &str) -> bool {
    while !rest.is_empty() {
        let Some(parameter) = trim(rest).strip_prefix(';') else { return false };
        let Some((attribute, value)) = trim(parameter).split_once('=') else { return false };
        let end = match value.strip_prefix('"') {
            Some(quoted) => match quoted_length(quoted) {
                Some(length) => length + 2,
                None => return false,
            },
            None => {
                let end = value.find([';', ' ', '\t']).unwrap_or(value.len());
                if !is_token(&value[..end]) {
                    return false;
                }
                end
            }
        };
        if !is_token(attribute) {
            return false;
        }
        rest = &value[end..];
    }
    true
}

fn trim(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// How long the text up to the closing quote is; none where it is not closed or holds what no quoted text may.
fn quoted_length(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if !(byte == b'\t' || byte == b' ' || byte.is_ascii_graphic()) => return None,
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn media_types_with_and_without_parameters_pass() {
        for good in [
            "text/plain",
            "application/vnd.api+json",
            "IMAGE/PNG",
            "text/plain; charset=utf-8",
            "text/plain;charset=utf-8;format=flowed",
            "text/plain \t;\t charset=utf-8",
            "multipart/mixed; boundary=\"a b;c=\\\"d\\\"\"",
            "application/x; a=\"\"",
            "a/b; name*0=x",
        ] {
            assert!(is_media_type(good), "{good}");
        }
    }

    #[test]
    fn everything_else_is_no_media_type() {
        for bad in [
            "",
            "text",
            "text/",
            "/plain",
            "*/*",
            "text/*",
            "text/plain/x",
            " text/plain",
            "text/plain ",
            "text /plain",
            "text/plain;",
            "text/plain; charset",
            "text/plain; =utf-8",
            "text/plain; charset=",
            "text/plain; charset=\"utf-8",
            "text/plain; charset=\"a\nb\"",
            "text/plain; charset=ütf",
            "text/plain; a=b c=d",
            "text/plain\r\nX: y",
            "té/xt",
            "-x/y",
        ] {
            assert!(!is_media_type(bad), "{bad:?}");
        }
        assert!(is_media_type(&format!("{}/{}", "a".repeat(127), "b".repeat(127))));
        assert!(!is_media_type(&format!("{}/b", "a".repeat(128))));
    }
}
