//! The words of a text, as the search index has them: the twin of `kanban.fold` and `kanban.tokens` in the migrations, for
//! finding in a text what the index has found.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A word's place in its text, and the word without case, accents and invisible characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) at: Range<usize>,
    pub(crate) folded: String,
}

/// A text's words in their order. Letters of scripts that write no spaces are words of their own.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut is_open = false;
    let mut folded = String::new();
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        folded.clear();
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else {
            folded += &fold(c.encode_utf8(&mut [0; 4]));
        }
        if let (true, Some(word)) = (folded.is_empty(), words.last_mut()) {
            // an accent, or what is there to hide
            if word.at.end == at {
                word.at.end = end;
            }
        }
        for letter in folded.chars() {
            if !is_letter(letter) {
                is_open = false;
                continue;
            }
            let is_alone = stands_alone(letter);
            match words.last_mut().filter(|_| is_open && !is_alone) {
                Some(word) => {
                    word.at.end = end;
                    word.folded.push(letter);
                }
                None => words.push(Word { at: at..end, folded: letter.into() }),
            }
            is_open = !is_alone;
        }
    }
    words
}

/// Whether a text has a word that can be searched for.
pub(crate) fn has_words(text: &str) -> bool {
    !words(text).is_empty()
}

/// Letters without case, accents and invisible characters.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare: String = text.nfkd().filter(|c| !is_invisible(*c)).collect();
    let mut folded = String::with_capacity(bare.len());
    for c in bare.to_lowercase().nfkc() {
        match c {
            'ı' => folded.push('i'),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ŧ' => folded.push('t'),
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            c => folded.push(c),
        }
    }
    folded
}

fn is_letter(c: char) -> bool {
    // vowel signs and the like, which belong to the letter before them
    let is_sign =
        matches!(c, '\u{900}'..='\u{963}' | '\u{966}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17d3}');
    c.is_alphanumeric() || is_sign
}

/// Chinese and Japanese letters.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fff}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{312f}'
        | '\u{31a0}'..='\u{31ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Accents, and characters that show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5bd}' | '\u{5bf}' | '\u{5c1}'
        | '\u{5c2}' | '\u{5c4}' | '\u{5c5}' | '\u{5c7}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}'
        | '\u{670}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::{fold, has_words, words};

    #[test]
    fn words_are_found_where_they_stand() {
        let text = "See src/auth.go: «Café» 看板, Ёж\u{301}ик";
        let found: Vec<(&str, String)> = words(text).into_iter().map(|word| (&text[word.at], word.folded)).collect();
        let expected = [
            ("See", "see"),
            ("src", "src"),
            ("auth", "auth"),
            ("go", "go"),
            ("Café", "cafe"),
            ("看", "看"),
            ("板", "板"),
            ("Ёж\u{301}ик", "ежик"),
        ];
        assert_eq!(found, expected.map(|(word, folded)| (word, folded.to_owned())));
    }

    #[test]
    fn letters_lose_case_accents_and_what_hides_in_them() {
        for (text, folded) in
            [("Straße", "strasse"), ("ﬁx １２", "fix 12"), ("ΌΣΟΣ", "οσοσ"), ("co\u{ad}op\u{202e}", "coop")]
        {
            assert_eq!(fold(text), folded);
        }
        assert!(has_words("→ a") && !has_words("→ …\u{301}"));
    }
}
