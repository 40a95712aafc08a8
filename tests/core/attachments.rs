//! Attachments: what may be said about what is elsewhere.

use futures::future::join_all;
use kanban_core::{Actor, BoardPatch, CardRef, Error, Expected, JsonObject, ListPage, NewAttachment, NewCard, Version};
use serde_json::json;

use crate::support;

#[tokio::test]
async fn an_attachment_keeps_every_member_it_is_given_and_goes_with_its_card() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("with a file")).await.expect("a card");
    let agent = store.tenant("default", Actor::agent("a")).expect("an agent");
    let new = NewAttachment {
        content_type: Some("text/plain; charset=\"utf-8\"".to_owned()),
        size: Some((1 << 53) - 1),
        checksum: Some(format!("sha256:{}", "0a".repeat(32))),
        metadata: JsonObject::from_value(&json!({"page": 3})).expect("an object"),
        ..NewAttachment::at("Grüße.txt", "https://example.org/a%20b?x=1#y")
    };
    let made =
        agent.create_attachment("AB-1".parse::<CardRef>().expect("a key"), new.clone()).await.expect("it is noted");
    assert_eq!((made.card_id, made.version, made.created_by.id.as_str()), (card.id, Version(1), "a"));
    assert_eq!((&made.name, &made.url, &made.content_type), (&new.name, &new.url, &new.content_type));
    assert_eq!((made.size, &made.checksum, made.metadata.get()), (new.size, &new.checksum, r#"{"page": 3}"#));
    assert_eq!(kanban.get_attachment(made.id).await.expect("it reads"), made);
    let bare = NewAttachment::at("b", "s3://bucket/key");
    let bare = kanban.create_attachment(card.id, bare).await.expect("little is known");
    assert_eq!((&bare.content_type, bare.size, &bare.checksum), (&None, None, &None));
    let page = kanban.list_attachments(card.id, ListPage::first(1)).await.expect("a page");
    let rest = ListPage { limit: 1, cursor: page.next_cursor.clone() };
    assert_eq!(
        (page.items, kanban.list_attachments(card.id, rest).await.expect("a page").items),
        (vec![made.clone()], vec![bare.clone()])
    );
    kanban.delete_card(card.id, Expected::Any).await.expect("deleted");
    for gone in [
        kanban.get_attachment(made.id).await.map(drop),
        kanban.list_attachments(card.id, ListPage::default()).await.map(drop),
        kanban.delete_attachment(made.id, Expected::Any).await.map(drop),
        kanban.create_attachment(card.id, NewAttachment::at("c", "https://example.org")).await.map(drop),
    ] {
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    }
    kanban.restore_card(card.id, Expected::Any).await.expect("restored");
    let stale = kanban.delete_attachment(made.id, Version(2)).await;
    assert!(matches!(stale, Err(Error::VersionConflict { what: "attachment", current: Some(_), .. })), "{stale:?}");
    let deletions = join_all((0..4).map(|_| kanban.delete_attachment(made.id, Version(1)))).await;
    assert_eq!(deletions.iter().filter(|gone| gone.is_ok()).count(), 1, "it is deleted once: {deletions:?}");
    assert_eq!(
        kanban.list_attachments(card.id, ListPage::default()).await.expect("a page").items,
        std::slice::from_ref(&bare)
    );
    let archive = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archive).await.expect("archived");
    let late = NewAttachment::at("late", "https://example.org");
    assert_eq!(kanban.create_attachment(card.id, late).await.expect_err("archived").code(), "board_archived");
    let error = kanban.delete_attachment(bare.id, Expected::Any).await.expect_err("archived");
    assert_eq!(error.code(), "board_archived");
    assert_eq!(kanban.get_attachment(bare.id).await.expect("it can be read"), bare);
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_member_and_the_reason() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("with a file")).await.expect("a card").id;
    let good = NewAttachment::at("a", "https://example.org");
    let sum = |text: &str| NewAttachment { checksum: Some(text.to_owned()), ..good.clone() };
    let media = |text: &str| NewAttachment { content_type: Some(text.to_owned()), ..good.clone() };
    let url = |text: &str| NewAttachment::at("a", text);
    for (bad, pointer, why) in [
        (NewAttachment::at("", "https://example.org"), "/name", "empty"),
        (NewAttachment::at("x".repeat(257), "https://example.org"), "/name", "256"),
        (NewAttachment::at("a\r\nb", "https://example.org"), "/name", "control characters"),
        (url(""), "/url", "empty"),
        (url("report.pdf"), "/url", "absolute URL"),
        (url("javascript:alert(1)"), "/url", "scheme"),
        (url("https://ada:secret@example.org/"), "/url", "password"),
        (url("https://example.org/\u{202e}"), "/url", "U+202E"),
        (url(&format!("https://example.org/{}", "x".repeat(2048))), "/url", "2048"),
        (media("pdf"), "/content_type", "media type"),
        (media("text/plain\r\nX-Evil: 1"), "/content_type", "media type"),
        (media(&format!("a/b; c={}", "x".repeat(600))), "/content_type", "512"),
        (NewAttachment { size: Some(-1), ..good.clone() }, "/size", "from 0 to 9007199254740991"),
        (NewAttachment { size: Some(1 << 53), ..good.clone() }, "/size", "from 0 to 9007199254740991"),
        (sum("0a0a"), "/checksum", "an algorithm"),
        (sum("crc32:0a0a0a0a"), "/checksum", "not known"),
        (sum("sha256:0a"), "/checksum", "64 lower-case"),
        (sum(&format!("sha256:{}", "0A".repeat(32))), "/checksum", "64 lower-case"),
        (sum(&format!("md5:{}", "0a".repeat(32))), "/checksum", "32 lower-case"),
    ] {
        let Err(Error::Invalid { fields }) = kanban.create_attachment(card, bad.clone()).await else {
            panic!("{bad:?} is noted")
        };
        assert_eq!(fields[0].pointer, pointer, "{bad:?}");
        assert!(fields[0].detail.contains(why), "{}", fields[0].detail);
    }
    for (algorithm, digits) in [("sha384", 96), ("sha512", 128), ("blake3", 64), ("sha1", 40), ("md5", 32)] {
        let attachment = sum(&format!("{algorithm}:{}", "0".repeat(digits)));
        kanban.create_attachment(card, attachment).await.expect("a checksum");
    }
    let empty = NewAttachment { size: Some(0), ..good };
    kanban.create_attachment(card, empty).await.expect("an empty file");
}
