//! The route table: a path, its handlers, and with them their documentation.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kanban_core::{Store, TokenScope};
use utoipa::openapi::path::{Operation, ParameterIn, Paths};
use utoipa::openapi::{OpenApi, RefOr, SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::auth::Guard;
use crate::idempotency;
use crate::problem::Problem;

/// Routes and their description, built up together so that neither can be without the other.
pub(crate) struct Table(Vec<Entry>);

struct Entry {
    path: String,
    needed: Option<TokenScope>,
    routes: UtoipaMethodRouter<Store>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds handlers of a path, as `routes!` takes them together with their documentation, that anybody may call.
    ///
    /// # Panics
    /// Like all that add, if a handler is documented under another path.
    pub(crate) fn open(self, path: &str, routes: UtoipaMethodRouter<Store>) -> Self {
        self.at(path, None, routes)
    }

    /// Adds handlers of a path that need the scope `read`.
    pub(crate) fn read(self, path: &str, routes: UtoipaMethodRouter<Store>) -> Self {
        self.at(path, Some(TokenScope::Read), routes)
    }

    /// Adds handlers of a path that need the scope `write`.
    pub(crate) fn write(self, path: &str, routes: UtoipaMethodRouter<Store>) -> Self {
        self.at(path, Some(TokenScope::Write), routes)
    }

    /// Adds handlers of a path that need the scope `admin`.
    pub(crate) fn admin(self, path: &str, routes: UtoipaMethodRouter<Store>) -> Self {
        self.at(path, Some(TokenScope::Admin), routes)
    }

    /// There is no other way in: a route for which no scope is named does not compile.
    fn at(mut self, path: &str, needed: Option<TokenScope>, mut routes: UtoipaMethodRouter<Store>) -> Self {
        let documented: Vec<&String> = routes.1.paths.keys().collect();
        assert_eq!(documented, [path], "the handlers of a path are documented under that path");
        for operation in routes.1.paths.values_mut().flat_map(super::operations_of) {
            operation.security = Some(needed.map(security).into_iter().collect());
        }
        self.0.push(Entry { path: path.to_owned(), needed, routes });
        self
    }

    /// The routes, each behind what stands before it.
    pub(crate) fn router(self, guard: &Arc<Guard>) -> Router<Store> {
        let mut known: HashMap<&str, Known> = HashMap::new();
        for entry in &self.0 {
            known.entry(&entry.path).or_default().add(&entry.routes.1);
        }
        let known: HashMap<String, Arc<Known>> =
            known.into_iter().map(|(path, known)| (path.to_owned(), Arc::new(known))).collect();
        let mut router = OpenApiRouter::new();
        for Entry { path, needed, routes } in self.0 {
            let door = Door { known: known[&path].clone(), admits: needed.map(|needed| (guard.clone(), needed)) };
            router = router.routes(routes.layer(from_fn_with_state(Arc::new(door), enter)));
        }
        router.into()
    }

    /// What describes them.
    pub(crate) fn document(self) -> OpenApi {
        let start = OpenApiRouter::with_openapi(super::start());
        let router = self.0.into_iter().fold(start, |router, entry| router.routes(entry.routes));
        router.into_openapi()
    }
}

/// What stands before a route. One layer for all of it: each would cost every request allocations of its own.
struct Door {
    known: Arc<Known>,
    admits: Option<(Arc<Guard>, TokenScope)>,
}

async fn enter(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    // what no route takes is refused before anybody asks who calls
    if let Some(answer) = door.known.answer(&request) {
        return answer;
    }
    match &door.admits {
        None => next.run(request).await,
        Some((guard, needed)) => guard.admit(*needed, request, |request| idempotency::once(request, next)).await,
    }
}

fn security(scope: TokenScope) -> SecurityRequirement {
    SecurityRequirement::new(super::TOKEN, [scope.as_str()])
}

/// The query parameters of each method of a path.
#[derive(Default)]
struct Known(HashMap<Method, Vec<String>>);

impl Known {
    fn add(&mut self, paths: &Paths) {
        let item = paths.paths.values().next();
        let methods = item.into_iter().flat_map(|item| {
            [
                (Method::GET, &item.get),
                (Method::POST, &item.post),
                (Method::PUT, &item.put),
                (Method::PATCH, &item.patch),
                (Method::DELETE, &item.delete),
            ]
        });
        self.0.extend(methods.filter_map(|(method, operation)| Some((method, names(operation.as_ref()?)))));
    }

    /// The answer to OPTIONS; the refusal of methods and query parameters that the document does not have, and of any
    /// parameter that is there twice.
    fn answer(&self, request: &Request) -> Option<Response> {
        let method = request.method();
        let allowed = |status: StatusCode| Some((status, [(header::ALLOW, self.allow())]).into_response());
        if method == Method::OPTIONS {
            return allowed(StatusCode::NO_CONTENT);
        }
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let Some(names) = self.0.get(method) else { return allowed(StatusCode::METHOD_NOT_ALLOWED) };
        let detail = check(names, request.uri().query().unwrap_or_default()).err()?;
        Some(Problem::bad_request("bad_query", detail).into_response())
    }

    /// The methods that the path takes, as the Allow header has them.
    fn allow(&self) -> String {
        let mut methods: Vec<&str> = self.0.keys().map(Method::as_str).chain(["OPTIONS"]).collect();
        if self.0.contains_key(&Method::GET) {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.join(", ")
    }
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
            _ => None,
        })
        .collect()
}

fn check(known: &[String], query: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let not_text = || "The query is not UTF-8 in percent-encoding, or holds the character U+0000.".to_owned();
        let (name, _) = (decoded(name).ok_or_else(not_text)?, decoded(value).ok_or_else(not_text)?);
        if !known.contains(&name) {
            let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
            return Err(format!("There is no query parameter {name:?} here. This path takes {known}."));
        }
        if seen.contains(&name) {
            return Err(format!("The query parameter {name} is there twice. Give it once."));
        }
        seen.push(name);
    }
    Ok(())
}

/// What a percent-encoded text says, where it says text: a reader that is lenient would take what is broken for something
/// else.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn text_is_decoded_and_nothing_else_is() {
        assert_eq!(decoded("a+b%20%C3%BC%25").as_deref(), Some("a b ü%"));
        for bad in ["%", "%4", "%zz", "%FF", "%C3", "a%00"] {
            assert_eq!(decoded(bad), None, "{bad}");
        }
    }
}
