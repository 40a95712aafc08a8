//! A token's text: `kfa_<prefix>_<secret><checksum>`.
//!
//! The prefix is public and finds the token. The secret is known to nobody but its holder. The checksum tells a text that
//! was cut off, mistyped or made up before anybody looks anywhere; it protects nothing.

use rand::distr::{Alphanumeric, SampleString};
use sha2::{Digest, Sha256};

/// What every token begins with, so that scanners for secrets find one that has leaked.
const BRAND: &str = "kfa_";
/// 71 bits.
const PREFIX: usize = 12;
/// 256 bits.
const SECRET: usize = 43;
const CHECKSUM: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A new token's text, from the operating system's chance.
pub(super) fn generate() -> String {
    let mut chance = rand::rng();
    let prefix = Alphanumeric.sample_string(&mut chance, PREFIX);
    let secret = Alphanumeric.sample_string(&mut chance, SECRET);
    let body = format!("{BRAND}{prefix}_{secret}");
    let checksum = checksum(&body);
    body + &checksum
}

/// A text that has the form of a token.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    pub(super) prefix: &'a str,
    pub(super) secret: &'a str,
}

impl<'a> Presented<'a> {
    /// Reads a text; nothing where it cannot be a token.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() != BRAND.len() + PREFIX + 1 + SECRET + CHECKSUM || !text.is_ascii() {
            return None;
        }
        let (body, given) = text.split_at(text.len() - CHECKSUM);
        let (prefix, secret) = body.strip_prefix(BRAND)?.split_at_checked(PREFIX)?;
        let secret = secret.strip_prefix('_')?;
        let is_plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_plain(prefix) && is_plain(secret) && checksum(body) == given).then_some(Self { prefix, secret })
    }

    /// Four bytes of a fast hash of the secret. They are stored beside the slow hash: so a flood of wrong secrets is
    /// refused without it, but for one in four billion. Of the secret's 256 bits, whoever reads them has 224 left to guess.
    pub(super) fn tag(&self) -> [u8; 4] {
        let hash = Sha256::new().chain_update(b"kanban token tag\0").chain_update(self.secret).finalize();
        std::array::from_fn(|i| hash[i])
    }
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.map(char::from).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{Presented, generate};

    #[test]
    fn what_is_generated_reads_and_every_change_of_it_is_told() {
        let text = generate();
        let read = Presented::read(&text).expect("it is a token");
        assert_eq!((read.prefix.len(), read.secret.len(), text.len()), (12, 43, 66));
        assert_ne!(generate(), text);
        for i in 0..text.len() {
            let other = if text.as_bytes()[i] == b'x' { "y" } else { "x" };
            let changed = format!("{}{other}{}", &text[..i], &text[i + 1..]);
            assert!(Presented::read(&changed).is_none(), "{i}");
            assert!(Presented::read(&text[..i]).is_none(), "cut off at {i}");
        }
        for bad in ["", "kfa_", "Bearer", &format!("{text} "), &format!("{}é{}", &text[..10], &text[12..])] {
            assert!(Presented::read(bad).is_none(), "{bad}");
        }
    }
}
