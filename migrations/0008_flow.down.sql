drop function kanban.finished_cards(text, uuid, timestamptz, timestamptz);
drop function kanban.stays(text, uuid, timestamptz, timestamptz, timestamptz);
drop function kanban.end_claim(kanban.cards, timestamptz, text);
drop function kanban.keep_checkpoint(text, uuid, timestamptz);
drop function kanban.lock_past(text, uuid, boolean);
drop function kanban.cards_reached(text, uuid, timestamptz);
drop table kanban.flow_checkpoints;
drop table kanban.collisions;
drop table kanban.past_claims;
