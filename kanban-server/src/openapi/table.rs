//! The route table: a path, its handlers, and with them their documentation.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kanban_core::Store;
use utoipa::openapi::path::{Operation, ParameterIn, Paths};
use utoipa::openapi::{OpenApi, RefOr};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::problem::Problem;

/// Routes and their description, built up together so that neither can be without the other.
pub(crate) struct Table(OpenApiRouter<Store>);

impl Table {
    pub(crate) fn new() -> Self {
        Self(OpenApiRouter::with_openapi(super::start()))
    }

    /// Adds the handlers of a path, as `routes!` takes them together with their documentation.
    ///
    /// # Panics
    /// If a handler is documented under another path.
    pub(crate) fn at(self, path: &str, routes: UtoipaMethodRouter<Store>) -> Self {
        let documented: Vec<&String> = routes.1.paths.keys().collect();
        assert_eq!(documented, [path], "the handlers of a path are documented under that path");
        let known = Arc::new(Known::of(&routes.1));
        Self(self.0.routes(routes.layer(from_fn_with_state(known, only_known))))
    }

    pub(crate) fn split(self) -> (Router<Store>, OpenApi) {
        self.0.split_for_parts()
    }
}

/// The query parameters of each method of a path.
struct Known(HashMap<Method, Vec<String>>);

impl Known {
    fn of(paths: &Paths) -> Self {
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
        Self(methods.filter_map(|(method, operation)| Some((method, names(operation.as_ref()?)))).collect())
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

/// Refuses query parameters that the document does not have, and any that is there twice.
async fn only_known(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let query = request.uri().query().unwrap_or_default();
    let Some(names) = known.0.get(method).filter(|_| !query.is_empty()) else { return next.run(request).await };
    match check(names, query) {
        Ok(()) => next.run(request).await,
        Err(detail) => Problem::bad_request("bad_query", detail).into_response(),
    }
}

fn check(known: &[String], query: &str) -> Result<(), String> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(query).map_err(|error| format!("The query cannot be read: {error}."))?;
    for (i, (name, value)) in pairs.iter().enumerate() {
        if !known.contains(name) {
            let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
            return Err(format!("There is no query parameter {name:?} here. This path takes {known}."));
        }
        if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("The query parameter {name} is there twice. Give it once."));
        }
        if value.contains('\0') {
            return Err(format!("The query parameter {name} contains the character U+0000. Leave it out."));
        }
    }
    Ok(())
}
