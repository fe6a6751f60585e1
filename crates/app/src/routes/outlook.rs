//! Where requests would go by a configuration, without a server, and without loading or calling a model.

use std::collections::BTreeSet;

use busbar_config::Config;
use busbar_core::{
    Capabilities, Context, ErrorKind, Labels, Model, ModelCard, Models, RequestId, Task, Tokens,
};
use busbar_routing::{Place, Placed};
use busbar_wire::routes::{ExplanationObject, RouteList, RouteObject, request_of};

use super::{Routes, check, check_default};
use crate::{Plan, Result, Shelf, hosted::Hosted};

/// A model of which the file does not say how long its prompts may be, before it is loaded.
const USUAL_WINDOW: u32 = 4_096;

/// The routes of a configuration, as far as they can be seen without running it.
#[derive(Debug)]
pub struct Outlook {
    models: Models,
}

impl Outlook {
    /// Looks at a configuration.
    ///
    /// # Errors
    /// Everything that is wrong with its providers and routes.
    pub fn new(config: &Config, shelf: &Shelf) -> Result<Self> {
        let mut placed: Vec<Placed> = Hosted::of(config, &Hosted::default())?.models().collect();
        let plans = match config.models.text.is_empty() {
            true => Vec::new(),
            false => Plan::all(config, shelf)?,
        };
        placed.extend(plans.iter().map(unloaded));
        let known: BTreeSet<String> = placed.iter().map(|one| one.model.card.id.to_string()).collect();
        check(config, &known)?;
        if only_text(config) {
            check_default(config, &known)?;
        }
        let models = Routes::of(config, None)?.models(&placed);
        Ok(Self { models })
    }

    /// All routes.
    pub fn routes(&self) -> RouteList {
        let routes = self.models.iter().filter_map(|model| model.route.as_ref());
        RouteList {
            routes: routes.map(|route| RouteObject::from(&route.status())).collect(),
        }
    }

    /// Where a request would go: a chat-completions body, or a short question. `failing` are targets to be
    /// taken for broken, `headers` those that the request would have.
    ///
    /// # Errors
    /// There is no such route, or the request is none.
    pub fn explain(
        &self,
        route: &str,
        request: Option<&[u8]>,
        failing: &[String],
        headers: &[(String, String)],
    ) -> Result<ExplanationObject> {
        let model = self.models.get(route)?;
        let Some(routed) = &model.route else {
            let message = format!("`{route}` is a model and no route; `busbar routes` lists the routes");
            return Err(busbar_core::Error::new(ErrorKind::NotFound, message).into());
        };
        let mut context = Context::new(RequestId::new("explain"));
        context.labels = headers.iter().cloned().collect::<Labels>();
        let request = request_of(request, context)?;
        Ok(ExplanationObject::from(&routed.explain(&request, failing)))
    }
}

/// Whether all models that may be the default are seen here: providers', and those listed for text.
fn only_text(config: &Config) -> bool {
    let models = &config.models;
    let something = !models.text.is_empty() || !config.providers.is_empty();
    something && models.directory.is_none() && models.vision.is_empty() && models.images.is_empty()
}

/// A model of this machine, as it is thought to be.
fn unloaded(plan: &Plan) -> Placed {
    let window = Tokens(plan.engine.context.unwrap_or(USUAL_WINDOW));
    let capabilities = Capabilities {
        tasks: vec![Task::Chat],
        context_window: window,
        max_output: window,
        chat: true,
        tools: true,
        structured_output: true,
        ..Capabilities::default()
    };
    let card = ModelCard {
        id: plan.id.clone(),
        title: plan.title.clone(),
        host: "busbar".to_owned(),
        licence: plan.licence.clone(),
        capabilities,
        price: None,
    };
    Placed {
        place: Place::here(),
        model: Model::new(card),
    }
}
