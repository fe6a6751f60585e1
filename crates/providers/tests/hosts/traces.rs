//! A trace goes on with every call.

use std::sync::Arc;

use busbar_core::Trace;
use busbar_testkit::Say;

use super::scene::{ask, host, models};

#[tokio::test]
async fn a_trace_goes_on_to_hosts_in_the_form_that_each_understands() {
    let upstream = host(|_| Say::with("503 Service Unavailable", &[], "")).await;
    let open = format!("endpoint = '{}'\nmodels = [{{ id = 'near' }}]\n", upstream.url());
    let signed = format!("region = 'us-east-1'\naccess_key_id = 'AKID'\n{open}");
    let models = [
        models("openai", Some("key"), &open).remove(0),
        models("bedrock", Some("secret"), &signed).remove(0),
    ];
    let w3c = busbar_wire::trace::parent(b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let w3c = w3c.map(|trace| Trace {
        state: Some("congo=t61,rojo=00f".into()),
        ..trace
    });
    let root = busbar_wire::trace::xray(b"Root=1-5759e988-bd862e3fe1be46a994272793");
    for trace in [w3c, root, None] {
        for model in &models {
            let mut request = ask("hello");
            request.context.trace = trace.clone().map(Arc::new);
            // What it answers is of no matter here.
            let _refused = model.chat.as_ref().unwrap().chat(request).await;
        }
    }
    let told: Vec<_> = upstream
        .received()
        .iter()
        .map(|request| {
            let header = |name| request.header(name).map(str::to_owned);
            let state = header("tracestate");
            assert_eq!(state.is_some(), header("traceparent").is_some());
            assert!(state.is_none_or(|state| state == "congo=t61,rojo=00f"));
            (header("traceparent"), header("x-amzn-trace-id"))
        })
        .collect();
    let parent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    let both = "Root=1-4bf92f35-77b34da6a3ce929d0e0e4736;Parent=00f067aa0ba902b7;Sampled=1".to_owned();
    let alone = Some("Root=1-5759e988-bd862e3fe1be46a994272793".to_owned());
    let expected = [
        (parent.clone(), None),
        (parent, Some(both)),
        (None, alone.clone()),
        (None, alone),
        (None, None),
        (None, None),
    ];
    assert_eq!(told, expected);
}
