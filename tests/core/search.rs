//! Search: what is found, by what, in which order, and what is not.

use kanban_core::import::beads;
use kanban_core::{
    BoardId, BoardPatch, CardPatch, ErrorKind, Excerpt, Expected, FoundIn, Kanban, ListPage, MoveCard, NewBoard,
    NewCard, NewComment, Search, SearchHit, SearchQuery,
};

use crate::import::files;
use crate::support;

async fn hits(kanban: &Kanban, q: &str) -> Vec<SearchHit> {
    let found = kanban.search(Search::for_text(q)).await;
    found.unwrap_or_else(|error| panic!("{q}: {error}")).items
}

/// Keys of the cards that are found, in order; `~` before those that are approximate.
async fn keys(kanban: &Kanban, q: &str) -> Vec<String> {
    let key = |hit: &SearchHit| format!("{}{}", if hit.is_approximate { "~" } else { "" }, hit.card.key);
    hits(kanban, q).await.iter().map(key).collect()
}

/// An excerpt with what was found in brackets.
fn shown(excerpt: &Excerpt) -> String {
    let part =
        |part: &kanban_core::ExcerptPart| if part.is_hit { format!("[{}]", part.text) } else { part.text.clone() };
    excerpt.parts.iter().map(part).collect()
}

async fn card(kanban: &Kanban, board: &kanban_core::BoardDetail, title: &str, description: &str) -> kanban_core::Card {
    let new = NewCard { description: description.to_owned(), ..NewCard::titled(title) };
    kanban.create_card(board.columns[0].id, new).await.expect("a card")
}

#[tokio::test]
async fn a_slip_a_part_an_accent_and_cyrillic_find_their_card_among_the_beads() {
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("the file reads");
        let database = support::database().await;
        let store = database.store().await;
        let (kanban, board) = support::board(&store).await;
        kanban.import("Beads", beads::read(text.as_bytes()).expect("it reads"), |_, _| ()).await.expect("it comes in");
        let french = card(&kanban, &board, "Réparer la cafetière", "Le café déborde à Noël.").await;
        let russian = card(&kanban, &board, "Починить вход в систему", "Ёжик не может войти.").await;
        let chinese = card(&kanban, &board, "看板系统无法登录", "用户点击按钮后没有反应").await;
        let code = card(&kanban, &board, "Panic in frobnicateWidget", "See src/auth.go:42 and parse_token().").await;
        let talk = card(&kanban, &board, "Quarterly talk", "").await;
        let said = NewComment::saying("Ask Wilhelmina about the zeppelin.");
        kanban.create_comment(talk.id, said).await.expect("a comment");
        let found = [
            // a letter missing, added, wrong, swapped; about two in a long word
            ("frobnicatewidgt", &code),
            ("frobnicatewidgget", &code),
            ("frobnicatewidgex", &code),
            ("frobnicatewigdet", &code),
            ("frobniatewidet", &code),
            ("zepelin", &talk),
            ("wilhelmnia", &talk),
            // a part of a word
            ("catewid", &code),
            ("eppeli", &talk),
            ("frobni", &code),
            // accents and case, given and not
            ("cafetiere", &french),
            ("CAFETIÈRE", &french),
            ("noel", &french),
            ("deborde", &french),
            ("NOE\u{308}L", &french),
            // Cyrillic: whole, begun, with a slip, ё for е
            ("систему", &russian),
            ("ПОЧИНИТЬ", &russian),
            ("почин", &russian),
            ("потчинить", &russian),
            ("ежик", &russian),
            // no spaces between words
            ("看板", &chinese),
            ("登录", &chinese),
            ("钮", &chinese),
            ("系统无法", &chinese),
            // identifiers
            ("src/auth.go", &code),
            ("auth.go:42", &code),
            ("parse_token", &code),
            ("PARSE_TOK", &code),
            (code.key.as_str(), &code),
            (&code.key.to_lowercase(), &code),
            (&code.id.to_string(), &code),
        ];
        for (q, card) in found {
            let hits = hits(&kanban, q).await;
            let first = hits.first().unwrap_or_else(|| panic!("{q} is found in {}", file.display()));
            assert_eq!(first.card.id, card.id, "{q}: {:?}", first.excerpts);
            let marked = first.excerpts.iter().flat_map(|excerpt| &excerpt.parts).any(|part| part.is_hit);
            assert!(marked || first.found_in == FoundIn::Key, "{q} is marked in {:?}", first.excerpts);
        }
        // and what the file itself says
        let issues: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        for issue in issues.iter().filter(|issue| issue["status"] != "tombstone").step_by(97) {
            let (id, title) = (issue["id"].as_str().expect("an id"), issue["title"].as_str().expect("a title"));
            let by_id = hits(&kanban, id).await;
            assert_eq!((by_id[0].found_in, by_id[0].excerpts.is_empty()), (FoundIn::Key, false), "{id}");
            let q: String = title.chars().filter(|c| *c != '"').take(200).collect();
            let by_title = kanban.search(Search::for_text(format!("\"{q}\""))).await.expect("a search").items;
            assert!(by_title.iter().any(|hit| hit.found_in == FoundIn::Title && hit.card.title == title), "{title}");
        }
        assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    }
}

#[tokio::test]
async fn the_key_comes_first_then_titles_then_cards_then_comments_then_what_is_like_it() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    card(&kanban, &board, "Write about ab-7", "").await;
    card(&kanban, &board, "Blogging", "").await;
    card(&kanban, &board, "Elsewhere", "All about the log").await;
    card(&kanban, &board, "Login", "").await;
    card(&kanban, &board, "The log", "").await;
    card(&kanban, &board, "Spoken of", "").await;
    card(&kanban, &board, "The log again", "").await;
    let labelled = NewCard { labels: vec!["log".to_owned()], ..NewCard::titled("Labelled") };
    kanban.create_card(board.columns[0].id, labelled).await.expect("a card");
    card(&kanban, &board, "Elsewhere", "To log in").await;
    kanban
        .create_comment("AB-6".parse::<kanban_core::CardRef>().expect("a key"), NewComment::saying("a log"))
        .await
        .expect("a comment");
    let found = keys(&kanban, "log").await;
    assert_eq!(found, ["AB-7", "AB-5", "AB-4", "AB-9", "AB-8", "AB-3", "AB-6", "~AB-2"]);
    assert_eq!(keys(&kanban, "ab-7").await, ["AB-7", "AB-1"]);
    let places: Vec<FoundIn> = hits(&kanban, "log").await.iter().map(|hit| hit.found_in).collect();
    assert_eq!(
        places,
        [
            FoundIn::Title,
            FoundIn::Title,
            FoundIn::Title,
            FoundIn::Card,
            FoundIn::Card,
            FoundIn::Card,
            FoundIn::Comment,
            FoundIn::Title,
        ]
    );
    let comment = &hits(&kanban, "log").await[6];
    assert_eq!(comment.comment.as_ref().expect("a comment").author.id, "ada");
    assert_eq!(shown(&comment.excerpts[0]), "a [log]");
}

#[tokio::test]
async fn words_stand_in_any_order_phrases_as_they_are_and_a_dash_leaves_out() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    card(&kanban, &board, "Merge the git branch", "of the payment service").await;
    card(&kanban, &board, "Fix git merge", "It says: \"merge   conflict\".").await;
    card(&kanban, &board, "snake_case and kebab-case", "path/to/some_file.rs, user@example.org").await;
    card(&kanban, &board, "some file rs", "C++ & <script>alert('%s')</script>").await;
    for (q, expected) in [
        ("git merge", &["AB-2", "AB-1"][..]),
        ("merge payment", &["AB-1"]),
        ("\"git merge\"", &["AB-2"]),
        ("\"merge conflict\"", &["AB-2"]),
        ("git -payment", &["AB-2"]),
        ("git -\"git merge\"", &["AB-1"]),
        ("payment or conflict", &["AB-2", "AB-1"]),
        ("snake_case", &["AB-3"]),
        ("kebab-case", &["AB-3"]),
        ("some_file", &["AB-3", "~AB-4"]),
        ("some_file.rs", &["AB-3", "~AB-4"]),
        ("to/some_fi", &["AB-3"]),
        ("example.org", &["AB-3"]),
        ("<script>alert('%s')", &["AB-4"]),
        ("a & b | !c:* <-> ( \\ ' %L $1", &[]),
        ("zzzzzz", &[]),
    ] {
        assert_eq!(keys(&kanban, q).await, expected, "{q}");
    }
    let hit = &hits(&kanban, "script").await[0];
    assert_eq!(shown(&hit.excerpts[0]), "C++ & <[script]>alert('%s')</[script]>", "it is data, and stays as it is");
    let wrong = ["", " ", "…", "-git", "a\0b"];
    for q in wrong {
        let error = kanban.search(Search::for_text(q)).await.expect_err("nothing to look for");
        assert_eq!((error.kind(), error.to_string().contains("/q")), (ErrorKind::Invalid, true), "{q:?}");
    }
}

#[tokio::test]
async fn what_is_changed_is_found_by_what_it_says_now_and_where_it_is_now() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let made = card(&kanban, &board, "Grommet", "").await;
    kanban.create_comment(made.id, NewComment::saying("Sprocket")).await.expect("a comment");
    let patch = CardPatch { title: Some("Gadget".to_owned()), ..CardPatch::default() };
    kanban.update_card(made.id, made.version, patch).await.expect("a new title");
    assert_eq!((keys(&kanban, "grommet").await.len(), keys(&kanban, "gadget").await), (0, vec!["AB-1".to_owned()]));
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    kanban.move_card(made.id, Expected::Any, MoveCard::to(other.columns[0].id)).await.expect("it moves");
    let on = async |board: BoardId, q: &str| {
        let query = SearchQuery { q: q.to_owned(), board_id: Some(board.into()), archived: None };
        kanban.search(Search { query, ..Search::default() }).await.expect("a search").items.len()
    };
    for q in ["gadget", "sprocket", "gagdet", "procke"] {
        assert_eq!((on(board.board.id, q).await, on(other.board.id, q).await), (0, 1), "{q}");
    }
    let unknown = SearchQuery { q: "gadget".to_owned(), board_id: Some(BoardId::generate().into()), archived: None };
    let unknown = kanban.search(Search { query: unknown, ..Search::default() }).await.expect_err("no such board");
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn what_is_deleted_archived_or_anothers_is_not_found() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    store.create_tenant("other").await.expect("a tenant");
    let stranger = store.tenant("other", kanban_core::Actor::human("eve")).expect("a person");
    let made = card(&kanban, &board, "Grommet", "").await;
    kanban.create_comment(made.id, NewComment::saying("a grommet")).await.expect("a comment");
    for q in ["grommet", "gromet", "ommet", "AB-1"] {
        assert_eq!(hits(&stranger, q).await, [], "{q}");
    }
    assert_eq!(keys(&kanban, "grommet").await.len(), 2);
    let pool = database.superuser().await;
    sqlx::raw_sql("update kanban.comments set deleted_at = now()").execute(&pool).await.expect("it is deleted");
    assert_eq!(keys(&kanban, "grommet").await.len(), 1);
    let deleted = kanban.delete_card(made.id, Expected::Any).await.expect("it is deleted");
    assert_eq!(keys(&kanban, "grommet").await.len() + keys(&kanban, "AB-1").await.len(), 0);
    kanban.restore_card(made.id, deleted.version).await.expect("it is back");
    assert_eq!(keys(&kanban, "gromet").await, ["~AB-1"]);
    let archive = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archive).await.expect("it is archived");
    assert_eq!(keys(&kanban, "grommet").await.len() + keys(&kanban, "AB-1").await.len(), 0);
    let query = SearchQuery { q: "grommet".to_owned(), board_id: None, archived: Some(true) };
    let with_archived = kanban.search(Search { query, ..Search::default() }).await.expect("a search");
    assert_eq!(with_archived.items.len(), 1);
    kanban.delete_board(board.board.id, Expected::Any).await.expect("it is deleted");
    let query = SearchQuery { q: "grommet".to_owned(), board_id: None, archived: Some(true) };
    assert_eq!(kanban.search(Search { query, ..Search::default() }).await.expect("a search").items, []);
}

#[tokio::test]
async fn pages_follow_each_other_while_others_write() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let titles = ["log", "log in", "logging", "blog", "unrelated"];
    for i in 0..40 {
        let description = if i % 3 == 0 { "about the log" } else { "" };
        let made = card(&kanban, &board, titles[i % titles.len()], description).await;
        if i % 4 == 0 {
            kanban.create_comment(made.id, NewComment::saying("log, and log again")).await.expect("a comment");
        }
    }
    let name = |hit: &SearchHit| (hit.card.key.clone(), hit.comment.as_ref().map(|comment| comment.id));
    let whole: Vec<_> =
        kanban.search(Search { page: ListPage::first(200), ..Search::for_text("log") }).await.expect("one page").items;
    assert_eq!(whole.len(), 8 * 4 + 3 + 10, "titles, descriptions of the unrelated, comments");
    for limit in [1, 7] {
        let mut page = ListPage::first(limit);
        let mut seen = Vec::new();
        let mut new = Vec::new();
        loop {
            let next = kanban.search(Search { page: page.clone(), ..Search::for_text("log") }).await.expect("a page");
            assert!(next.items.len() <= limit as usize);
            seen.extend(next.items);
            let Some(cursor) = next.next_cursor else { break };
            page.cursor = Some(cursor);
            // newer hits, which belong before or behind where the list is
            let written = card(&kanban, &board, titles[seen.len() % 4], "log").await;
            new.push(written.key);
        }
        let untouched: Vec<_> = seen.iter().filter(|hit| !new.contains(&hit.card.key)).map(name).collect();
        assert_eq!(untouched, whole.iter().map(name).collect::<Vec<_>>(), "by {limit}");
        for key in new {
            let key: kanban_core::CardRef = key.parse().expect("a key");
            kanban.delete_card(key, Expected::Any).await.expect("it goes again");
        }
    }
    let first = kanban.search(Search { page: ListPage::first(2), ..Search::for_text("log") }).await.expect("a page");
    let cursor = first.next_cursor.expect("there is more");
    let changed = format!("{}{}", if cursor.starts_with('A') { 'B' } else { 'A' }, &cursor[1..]);
    let page = ListPage { limit: 2, cursor: Some(cursor) };
    for other in [
        Search { page: page.clone(), ..Search::for_text("blog") },
        Search { page: ListPage { cursor: Some(changed), ..page }, ..Search::for_text("log") },
    ] {
        assert_eq!(kanban.search(other).await.expect_err("another's cursor").code(), "invalid");
    }
}

/// Letters of many scripts, some with accents and signs.
const SCRIPTS: [&str; 16] = [
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "ÀÉÎõüçñßæøłđıİŞğ",
    "αβγδεζηθΣσςάέΏ",
    "абвгдежзийклмнЁёЙїўґ",
    "աբգդեզէըթ",
    "אבגדהוזחטיךכ",
    "ابتثجحخدذرزسشع",
    "कखगघचछजञटडिीुूेैं",
    "কখগঘঙচছজিীুূ",
    "กขคฆงจฉชซฌ้๊ิี",
    "აბგდევზთიკ",
    "ሀለሐመሠረሰሸቀበ",
    "가각간갈감갑강개객",
    "あいうえおかがきぎアイウエオガ",
    "的一是不了人我在有他這中大來上国",
    "ＡＢｃｄ１２ﬁǆ",
];

#[tokio::test]
async fn whatever_is_written_in_any_script_is_found_and_marked() {
    let seed = fastrand::u64(..);
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for _ in 0..60 {
        let mut words = Vec::new();
        for _ in 0..random.usize(1..4) {
            let letters: Vec<char> = SCRIPTS[random.usize(..SCRIPTS.len())].chars().collect();
            // a sign needs a letter before it: the first of each script is one
            let word: String = (0..random.usize(1..6)).map(|_| letters[random.usize(..letters.len())]).collect();
            words.push(format!("{}{word}", letters[0]));
        }
        let glue = [" ", ".", "_", " - "][random.usize(..4)];
        let made = card(&kanban, &board, &words.join(glue), "").await;
        for q in words.iter().flat_map(|word| [word.clone(), word.to_lowercase(), word.to_uppercase()]) {
            let page = ListPage::first(200);
            let found = kanban.search(Search { page, ..Search::for_text(&*q) }).await.expect("a search").items;
            let hit = found.iter().find(|hit| hit.card.id == made.id);
            let hit = hit.unwrap_or_else(|| panic!("seed {seed}: {q:?} finds {:?}", made.title));
            let marked = hit.excerpts.iter().flat_map(|excerpt| &excerpt.parts).any(|part| part.is_hit);
            assert!(marked && !hit.is_approximate, "seed {seed}: {q:?} in {:?}", hit.excerpts);
        }
    }
}

#[tokio::test]
async fn ascii_has_the_same_words_as_where_a_letter_stands_behind_it_that_is_none() {
    let seed = support::seed();
    let mut random = fastrand::Rng::with_seed(seed);
    // letters, spaces and dots more often than all else
    let some: Vec<char> = (1..128).map(char::from).chain("aB3  \n..".chars().cycle().take(128)).collect();
    let texts: Vec<String> =
        (0..20_000).map(|_| (0..random.usize(..24)).map(|_| some[random.usize(..some.len())]).collect()).collect();
    let database = support::database().await;
    let other: Option<String> = sqlx::query_scalar(
        "select t from unnest($1::text[]) as t where kanban.tokens(t || ' é') <> kanban.tokens(t) || 'e'::text limit 1",
    )
    .bind(texts)
    .fetch_optional(&database.superuser().await)
    .await
    .expect("their words");
    assert_eq!(other, None, "seed {seed}");
}
