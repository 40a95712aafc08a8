//! What is left of the caller's limits, in headers: RateLimit and RateLimit-Policy (in the way of the IETF draft
//! draft-ietf-httpapi-ratelimit-headers), and the older X-RateLimit-*, which most clients know.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use kanban_core::Allowance;

/// The headers that tell of limits. The older ones can tell of one only: the one that is closer to its end.
pub(crate) fn headers(allowances: &[Allowance]) -> Vec<(HeaderName, String)> {
    let Some(nearest) = allowances.iter().min_by_key(|allowance| allowance.remaining) else { return Vec::new() };
    let list = |item: fn(&Allowance) -> String| allowances.iter().map(item).collect::<Vec<_>>().join(", ");
    let policies = list(|a| format!("\"{}\";q={};w={}", a.of, a.limit, a.window.as_secs()));
    let rests = list(|a| format!("\"{}\";r={};t={}", a.of, a.remaining, a.retry_after()));
    // as the number of seconds that clocks count, which is what most clients of these take it for
    let reset = nearest.resets_at.unix_micros().div_euclid(1_000_000) + 1;
    [
        ("ratelimit-policy", policies),
        ("ratelimit", rests),
        ("x-ratelimit-limit", nearest.limit.to_string()),
        ("x-ratelimit-remaining", nearest.remaining.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
    .map(|(name, value)| (HeaderName::from_static(name), value))
    .into()
}

/// Adds them to an answer.
pub(crate) fn tell(allowances: &[Allowance], answer: &mut HeaderMap) {
    for (name, value) in headers(allowances) {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.insert(name, value);
        }
    }
}
