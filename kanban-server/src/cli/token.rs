//! `kanban-server token`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use kanban_core::{Actor, Kanban, ListPage, NewToken, Timestamp, Token, TokenId, TokenScope};

use super::{Failure, Settings, print, store};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create a token and print its text, which is shown this once
    Create {
        /// What it is for; without --agent also the id of the person who acts with it
        #[arg(long)]
        name: String,
        /// What it may do: read, write (and read), admin (and both)
        #[arg(long, required = true)]
        scope: Vec<TokenScope>,
        /// The one agent that may act with it [default: a person, who may act as any agent]
        #[arg(long)]
        agent: Option<String>,
        /// How long it is accepted, such as 90d, 12h, 30m [default: until it is revoked]
        #[arg(long, value_parser = duration)]
        expires_in: Option<Duration>,
    },
    /// List the tenant's tokens
    List,
    /// End a token: nothing that was written with it takes effect any more once this is done
    Revoke {
        /// Its id or its prefix, as `token list` shows them, or the whole token
        token: String,
    },
}

pub(super) async fn run(settings: &Settings, command: Command, tenant: &str, json: bool) -> Result<ExitCode, Failure> {
    store::with_migrated(settings, async |store| {
        // a name with a slip in it is told, and no tokens are made for nobody
        store.tenant("default", Actor::system("command line"))?.get_tenant(tenant).await?;
        let kanban = store.tenant(tenant, Actor::system("command line"))?;
        match command {
            Command::Create { name, scope, agent, expires_in } => {
                let expires_at = expires_in.map(|time| Timestamp::from(std::time::SystemTime::now() + time));
                let new = NewToken { name, scopes: scope, agent_id: agent, expires_at };
                let created = kanban.create_token(new).await?;
                if json {
                    print(serde_json::to_string(&created)?);
                } else {
                    print(created.secret.as_deref().unwrap_or_default());
                    // standard output holds the token alone, so that a script can take it
                    eprint(&format!(
                        "{}\nIt is shown this once. Send it as: Authorization: Bearer …",
                        line(&created.token)
                    ));
                }
            }
            Command::List => list(&kanban, json).await?,
            Command::Revoke { token } => {
                let revoked = kanban.revoke_token(find(&kanban, &token).await?).await?;
                print(if json { serde_json::to_string(&revoked)? } else { line(&revoked) });
            }
        }
        Ok(ExitCode::SUCCESS)
    })
    .await
}

async fn list(kanban: &Kanban, json: bool) -> Result<(), Failure> {
    let tokens = all(kanban).await?;
    if json {
        print(serde_json::to_string(&tokens)?);
    } else if tokens.is_empty() {
        print(format_args!("the tenant {} has no tokens", kanban.tenant()));
    }
    for token in tokens.iter().filter(|_| !json) {
        print(line(token));
    }
    Ok(())
}

async fn all(kanban: &Kanban) -> Result<Vec<Token>, Failure> {
    let mut tokens = Vec::new();
    let mut page = ListPage::first(200);
    loop {
        let found = kanban.list_tokens(page).await?;
        tokens.extend(found.items);
        match found.next_cursor {
            Some(cursor) => page = ListPage { limit: 200, cursor: Some(cursor) },
            None => return Ok(tokens),
        }
    }
}

async fn find(kanban: &Kanban, name: &str) -> Result<TokenId, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    // of a whole token what finds it; nothing of it is shown again
    let prefix = name.trim_start_matches("kfa_").split('_').next().unwrap_or_default();
    let found = all(kanban).await?.into_iter().find(|token| token.prefix == prefix);
    let missing = || format!("The tenant {} has no such token. `token list` shows those it has.", kanban.tenant());
    found.map(|token| token.id).ok_or_else(|| missing().into())
}

fn line(token: &Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let end = match (&token.revoked_at, &token.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "until it is revoked".to_owned(),
    };
    let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("last used {at}"));
    let actor = format!(
        "{} {}",
        serde_json::to_value(token.actor.kind).unwrap_or_default().as_str().unwrap_or_default(),
        token.actor.id
    );
    format!("{}  kfa_{}…  {}  [{}]  for {actor}, {end}, {used}", token.id, token.prefix, token.name, scopes.join(", "))
}

fn eprint(text: &str) {
    // nobody reads standard error any more if this fails
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{text}\n"));
}

/// A whole number of days, hours, minutes or seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let unit = match text.chars().last() {
        Some('d') => 24 * 60 * 60,
        Some('h') => 60 * 60,
        Some('m') => 60,
        Some('s') => 1,
        _ => 0,
    };
    let number: Option<u64> = text.get(..text.len().saturating_sub(1)).and_then(|number| number.parse().ok());
    let seconds =
        number.and_then(|number| number.checked_mul(unit)).filter(|seconds| (1..=100 * 366 * 86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "expected a time such as 90d, 12h, 30m or 45s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        let seconds = |text: &str| duration(text).ok().map(|time| time.as_secs());
        assert_eq!(["90d", "12h", "30m", "45s"].map(seconds), [7_776_000, 43_200, 1_800, 45].map(Some));
        for bad in ["", "d", "90", "0d", "-1d", "1.5h", "9999999999999999999d", "90d ", "1y", "é"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}
