//! Addresses of what is kept elsewhere: absolute, of a scheme that only leads somewhere, and without secrets.

use std::cell::Cell;

use url::{SyntaxViolation, Url};

/// Schemes that a reader may follow. Those that run code or open local files, such as `javascript` and `file`, are not
/// among them.
const SCHEMES: [&str; 7] = ["http", "https", "ftp", "ftps", "sftp", "s3", "gs"];

/// What is wrong with an address, if anything.
pub(super) fn fault(text: &str) -> Option<String> {
    if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic()) {
        return Some(format!("holds the character U+{:04X}; percent-encode what is not visible ASCII", u32::from(odd)));
    }
    // a parser that mends what is wrong would let a reader see another address than a browser follows
    let violation = Cell::new(None);
    let note = |found: SyntaxViolation| violation.set(Some(found));
    let url = match Url::options().syntax_violation_callback(Some(&note)).parse(text) {
        Ok(url) => url,
        Err(error) => return Some(format!("is not an absolute URL such as https://example.org/report.pdf: {error}")),
    };
    if !SCHEMES.contains(&url.scheme()) {
        return Some(format!("has the scheme {}; it may be one of {}", url.scheme(), SCHEMES.join(", ")));
    }
    // an empty name is not in what was parsed any more
    let is_embedded = matches!(violation.get(), Some(SyntaxViolation::EmbeddedCredentials));
    if is_embedded || !url.username().is_empty() || url.password().is_some() {
        return Some("holds a user name or password; leave it out, for everybody who sees the card sees it".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Some("names no host; an address is absolute, such as https://example.org/report.pdf".to_owned());
    }
    violation.get().map(|violation| format!("is not spelled as a URL should be: {}", violation.description()))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn addresses_of_safe_schemes_pass() {
        for good in [
            "https://example.org",
            "http://example.org:8080/a/b.pdf?x=1&y=%20#part",
            "HTTPS://EXAMPLE.ORG/A",
            "https://xn--bcher-kva.example/%C3%BC",
            "http://127.0.0.1/x",
            "http://[::1]:3000/x",
            "s3://bucket/key/with/slashes.json",
            "gs://bucket/o",
            "sftp://host/file",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
    }

    #[test]
    fn everything_else_is_told_what_is_wrong_with_it() {
        for (bad, why) in [
            ("", "not an absolute URL"),
            ("/relative/path", "not an absolute URL"),
            ("example.org/x", "not an absolute URL"),
            ("https://", "not an absolute URL"),
            ("https://exa mple.org", "U+0020"),
            ("https://example.org/\n", "U+000A"),
            ("https://example.org/\u{202e}fdp.exe", "U+202E"),
            ("https://example.org/ü", "U+00FC"),
            ("javascript:alert(1)", "scheme javascript"),
            ("data:text/html,x", "scheme data"),
            ("file:///etc/passwd", "scheme file"),
            ("https://ada:secret@example.org/", "user name or password"),
            ("https://ada@example.org/", "user name or password"),
            ("https://@example.org/", "user name or password"),
            ("s3:key", "names no host"),
            ("s3:///key", "names no host"),
            ("https:example.org", "should be"),
            ("https:\\\\example.org\\x", "should be"),
            ("https://example.org/%zz", "should be"),
            ("https://example.org:99999/", "not an absolute URL"),
            ("https://example.org/<script>", "should be"),
        ] {
            let fault = fault(bad).unwrap_or_else(|| panic!("{bad} passes"));
            assert!(fault.contains(why), "{bad}: {fault}");
        }
    }
}
