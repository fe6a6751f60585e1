//! Busbar as a function on AWS Lambda: HTTP requests come as events of API Gateway or of a function URL, and
//! the router that `busbar serve` listens with answers them; messages of queues and the time to tidy up come as
//! events too. There are no local models here: it asks others, elsewhere. Nothing is decided here that another
//! front could want.

mod duty;
mod events;
mod messages;
mod surroundings;
mod worker;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use busbar_app::{Function, Role};
use busbar_config::{LambdaAnswers, Sources};
use duty::{Answer, Event};
use lambda_http::{
    Adapter, Error, LambdaEvent, Request, StreamAdapter,
    lambda_runtime::{self, FunctionResponse},
    service_fn,
    tower::ServiceExt as _,
};

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
    let function = Box::pin(Function::open(configured)).await?;
    let hands = function.hands();
    let calls = function.calls();
    let (router, conversations) = (function.router(), function.conversations());
    let service = service_fn(move |event: Request| {
        calls.note();
        let (router, conversations) = (router.clone(), conversations.clone());
        async move {
            match messages::event(&event) {
                Some(event) => messages::answer(event, &conversations).await,
                None => Ok(router.oneshot(events::request(event)).await?),
            }
        }
    });
    let ended = tokio::select! {
        ended = async {
            match answers {
                LambdaAnswers::Whole => {
                    let http = Adapter::from(service);
                    let answer = |LambdaEvent { payload, context }: LambdaEvent<Event>| {
                        let (http, hands) = (http.clone(), hands.clone());
                        async move {
                            match payload {
                                Event::Request(request) => {
                                    let answer = http.oneshot(LambdaEvent::new(*request, context)).await?;
                                    Ok::<_, Error>(Answer::Response(Box::new(answer)))
                                }
                                Event::Work(work) => work.done(hands.as_ref(), &context).await,
                            }
                        }
                    };
                    lambda_runtime::run(service_fn(answer)).await
                }
                LambdaAnswers::Streamed => {
                    let http = StreamAdapter::from(service);
                    let answer = |LambdaEvent { payload, context }: LambdaEvent<Event>| {
                        let (http, hands) = (http.clone(), hands.clone());
                        async move {
                            Ok::<_, Error>(match payload {
                                Event::Request(request) => FunctionResponse::StreamingResponse(
                                    http.oneshot(LambdaEvent::new(*request, context)).await?,
                                ),
                                Event::Work(work) => FunctionResponse::BufferedResponse(
                                    work.done::<()>(hands.as_ref(), &context).await?,
                                ),
                            })
                        }
                    };
                    lambda_runtime::run(service_fn(answer)).await
                }
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
