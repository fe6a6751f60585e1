//! Busbar as a function on AWS Lambda: HTTP requests come as events of API Gateway or of a function URL, and
//! the router that `busbar serve` listens with answers them. There are no local models here: it asks
//! others, elsewhere. Nothing is decided here that another front could want.

mod events;
mod surroundings;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use busbar_app::{Function, Role};
use busbar_config::{LambdaAnswers, Sources};
use lambda_http::{Error, tower::ServiceBuilder};

fn main() -> ExitCode {
    // Before anything else: what follows is compiled for a processor that this may not be.
    if let Err(missing) = busbar_app::cpu::check() {
        return failed(&missing.into());
    }
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn start() -> Result<(), Error> {
    surroundings::check()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Error> {
    let sources = Sources {
        environment: surroundings::environment(),
        ..Sources::default()
    };
    // There is no worker beside a function: what it takes on, it does itself.
    let configured = busbar_app::configure(sources, Role::All).await?;
    let loaded = &configured.loaded;
    busbar_app::init_logs(&loaded.config, false)?;
    for warning in &loaded.warnings {
        say(warning);
    }
    let answers = loaded.config.lambda.answers;
    let function = Function::open(configured).await?;
    let service = ServiceBuilder::new()
        .map_request(events::request)
        .service(function.router());
    let ended = tokio::select! {
        ended = async {
            match answers {
                LambdaAnswers::Whole => lambda_http::run(service).await,
                LambdaAnswers::Streamed => lambda_http::run_with_streaming_response(service).await,
            }
        } => ended,
        // Between two requests: what comes after this is given to another instance.
        () = function.asked_to_end() => Ok(()),
    };
    function.close().await;
    ended
}

fn failed(error: &Error) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

/// On standard error, which Lambda keeps in the function's log.
fn say(what: &(impl std::fmt::Display + ?Sized)) {
    // If even this cannot be written, the code has to say it all.
    let _unseen = writeln!(io::stderr(), "busbar: {what}");
}
