drop function kanban.has_tokens();
drop function kanban.is_in_force(text, uuid);
drop function kanban.presented_tokens(text);
drop function kanban.revoke_token(text, jsonb, uuid);
drop function kanban.create_token(text, jsonb, uuid, text, text, bytea, text, text[], text, text, timestamptz);
drop function kanban.token_doc(kanban.tokens);
