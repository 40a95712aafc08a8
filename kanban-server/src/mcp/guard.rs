//! The guard before what destroys: whoever is responsible says yes first. In three tiers, by what the client can do.
//!
//! 1. A client of the protocol of 2026-07-28 that takes elicitations gets the question as the call's result, with a sealed
//!    state, and calls again with the person's answer.
//! 2. A client of an older protocol that takes elicitations is asked while the call waits.
//! 3. Any other gets a preview with a token, and calls again with the token once it is sure.
//!
//! State and token are the core's confirmations: bound to the tenant, the actor, the tool and all its arguments, good for
//! ten minutes and one use. In each tier the write names the version that was previewed.

use std::time::Duration;

use kanban_core::Kanban;
use rmcp::model::{
    ClientCapabilities, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    InputRequest, InputRequests, InputRequiredResult, ProtocolVersion,
};
use serde_json::{Value, json};

use super::answer::{Outcome, Stop};
use super::call::Call;

/// The name of the question, and of the one thing in its form.
const QUESTION: &str = "confirm";

/// How long a person has to answer while a call waits.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Whether to go on.
pub(super) enum Consent {
    /// Yes, by this token.
    Token(String, Action),
    /// Yes, by a person who was asked while the call waited.
    Spoken,
    /// Nobody has been asked yet: this token confirms it.
    Preview(String),
}

/// What a confirmation is bound to, besides the tenant and the actor.
#[derive(serde::Serialize)]
pub(super) struct Action {
    tier: &'static str,
    tool: &'static str,
    arguments: Value,
}

impl Action {
    fn of(call: &Call, tier: &'static str) -> Self {
        let mut arguments = call.arguments.clone();
        arguments.remove(QUESTION);
        Self { tier, tool: call.tool, arguments: Value::Object(arguments) }
    }
}

/// Gets consent for what the call is about to do, in the words of `question`.
pub(super) async fn consent(call: &Call, confirm: Option<String>, question: &str) -> Outcome<Consent> {
    if let Some(state) = &call.state {
        let asked = Action::of(call, "asked");
        let answer = call.answers.as_ref().and_then(|answers| answers.get(QUESTION));
        return match answer.map(|answer| serde_json::from_value::<ElicitResult>(answer.clone())) {
            Some(Ok(answer)) if is_yes(&answer) => Ok(Consent::Token(state.clone(), asked)),
            Some(Ok(_)) => Err(declined()),
            Some(Err(_)) => Err(Stop::invalid("/inputResponses/confirm", "must be the result of an elicitation")),
            None => Err(ask(call, question).await?),
        };
    }
    if let Some(token) = confirm {
        return Ok(Consent::Token(token, Action::of(call, "previewed")));
    }
    let takes_forms = call.context.client_capabilities().as_ref().is_some_and(takes_forms);
    let is_modern = call
        .context
        .protocol_version()
        .is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str());
    match (takes_forms, is_modern) {
        (true, true) => Err(ask(call, question).await?),
        (true, false) => wait_for_answer(call, question).await,
        (false, _) => Ok(Consent::Preview(call.kanban.ask_to_confirm(&Action::of(call, "previewed")).await?)),
    }
}

/// Runs what was consented to.
pub(super) async fn run<T, Fut>(call: &Call, consent: Consent, work: impl Fn(Kanban) -> Fut) -> kanban_core::Result<T>
where
    Fut: Future<Output = kanban_core::Result<T>>,
{
    match consent {
        Consent::Token(token, action) => call.kanban.confirmed(&token, &action, work).await,
        Consent::Spoken | Consent::Preview(_) => work(call.kanban.clone()).await,
    }
}

/// Clients that say neither which kind of elicitation they take mean forms.
fn takes_forms(client: &ClientCapabilities) -> bool {
    client.elicitation.as_ref().is_some_and(|elicitation| elicitation.form.is_some() || elicitation.url.is_none())
}

fn form(question: &str) -> Outcome<ElicitRequestParams> {
    let schema = ElicitationSchema::builder().required_bool(QUESTION).build();
    let requested_schema = schema.map_err(broken)?;
    Ok(ElicitRequestParams::FormElicitationParams { meta: None, message: question.to_owned(), requested_schema })
}

fn broken(error: &'static str) -> Stop {
    kanban_core::Error::Internal { source: error.into() }.into()
}

async fn ask(call: &Call, question: &str) -> Outcome<Stop> {
    let state = call.kanban.ask_to_confirm(&Action::of(call, "asked")).await?;
    let request = InputRequest::Elicitation(ElicitRequest::new(form(question)?));
    let requests = InputRequests::from([(QUESTION.to_owned(), request)]);
    Ok(Stop::Ask(Box::new(InputRequiredResult::new(Some(requests), Some(state)))))
}

async fn wait_for_answer(call: &Call, question: &str) -> Outcome<Consent> {
    match call.context.peer.create_elicitation_with_timeout(form(question)?, Some(PATIENCE)).await {
        Ok(answer) if is_yes(&answer) => Ok(Consent::Spoken),
        Ok(_) => Err(declined()),
        // a client that says it can ask and then cannot gets no way around the question
        Err(error) => {
            tracing::warn!(error = %error, "a question was not answered");
            Err(Stop::Explained(json!({
                "code": "not_confirmed",
                "detail": "Nothing was done: the question whether to do it was not answered.",
            })))
        }
    }
}

/// Accepting the form is not enough: what it asks must be answered with yes.
fn is_yes(answer: &ElicitResult) -> bool {
    let said = answer.content.as_ref().and_then(|content| content.get(QUESTION));
    answer.action == ElicitationAction::Accept && said == Some(&Value::Bool(true))
}

fn declined() -> Stop {
    Stop::Explained(json!({
        "code": "declined",
        "detail": "Nothing was done: the person who was asked did not agree. Do not try again unless they ask for it.",
    }))
}
