//! Every metric there is: its name, what kind it is, what it means. The one table.
//!
//! `gen_ai_*` names are OpenTelemetry's, written as Prometheus writes them (dots become
//! underscores, the unit is a suffix): <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>.

/// What a number does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of values below bounds.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The name that scrapers see.
    pub name: &'static str,
    /// What it does over time.
    pub kind: Kind,
    /// What it means, and its unit.
    pub help: &'static str,
}

/// Declares the constants and the list of all of them from the same lines.
macro_rules! table {
    ($($id:ident $kind:ident $name:literal $help:literal;)*) => {
        $(#[doc = $help] pub const $id: Row = Row { name: $name, kind: Kind::$kind, help: $help };)*
        /// All rows, in the order in which they are written out.
        pub const ALL: &[Row] = &[$($id),*];
    };
}

table! {
    BUILD_INFO        Gauge     "busbar_build_info"                      "Always 1; its labels say which build this is";
    START_TIME        Gauge     "process_start_time_seconds"             "When the process started, in seconds since 1970";
    UPTIME            Gauge     "busbar_uptime_seconds"                  "How long the process has been running";
    RESIDENT_MEMORY   Gauge     "process_resident_memory_bytes"          "Memory that the process occupies";
    CPU_SECONDS       Counter   "process_cpu_seconds_total"              "Processor time used, user and system";
    OPEN_FDS          Gauge     "process_open_fds"                       "Open file descriptors";

    CONFIG_VERSION    Gauge     "busbar_config_version"                  "The version of the configuration that serves; 0 where none are kept";
    CONFIG_CURRENT    Gauge     "busbar_config_current"                  "1 while what the configuration's source says serves, 0 while it is refused";
    CONFIG_TAKEN      Counter   "busbar_config_taken_total"              "Configurations put into service";
    CONFIG_REFUSED    Counter   "busbar_config_refused_total"            "Configurations refused";

    HTTP_REQUESTS     Counter   "busbar_http_requests_total"             "Requests answered, by route, method and status";
    HTTP_DURATION     Histogram "http_server_request_duration_seconds"   "From a request's arrival to the end of its answer, streams included";
    HTTP_IN_FLIGHT    Gauge     "busbar_http_requests_in_flight"         "Requests being answered now";
    WEBSOCKETS        Gauge     "busbar_websocket_connections"           "WebSocket connections that are open";
    STREAMS           Gauge     "busbar_streams_active"                  "Answers being streamed now";
    STREAMS_RESUMED   Counter   "busbar_streams_resumed_total"           "Streams that a client came back to";
    DISCONNECTS       Counter   "busbar_client_disconnects_total"        "Answers whose client went away before the end";

    TOKEN_USAGE       Histogram "gen_ai_client_token_usage"              "Tokens of one answer, by input and output";
    REQUEST_DURATION  Histogram "gen_ai_server_request_duration_seconds" "From a generation request's arrival to the end of its answer";
    FIRST_TOKEN       Histogram "gen_ai_server_time_to_first_token_seconds" "From a generation request's arrival to its first piece of text";
    PER_OUTPUT_TOKEN  Histogram "gen_ai_server_time_per_output_token_seconds" "Time of each output token after the first";
    COST              Counter   "busbar_cost_usd_total"                  "What answers of models with a price cost, US dollars";
    ESTIMATED         Counter   "busbar_estimated_answers_total"         "Answers whose cost is an estimate: a host did not get to say what it used";
    UNPRICED          Counter   "busbar_unpriced_answers_total"          "Answers of models without a price; they are not free";

    IMAGE_STEP        Histogram "busbar_image_step_duration_seconds"     "Time of each denoising step of a picture";
    IMAGES            Counter   "busbar_images_total"                    "Pictures made";
    IMAGE_GENERATIONS Counter   "busbar_image_generations_total"         "Requests for pictures that ended, by how they did";
    JOBS_QUEUED       Gauge     "busbar_jobs_queued"                     "Messages of a queue of jobs: ready ones wait for a worker, leased ones are worked on or wait for another try";
    ROUTE_ATTEMPTS    Counter   "busbar_route_attempts_total"            "Attempts at targets of routes, by what came of them";
    ROUTE_DEGRADED    Counter   "busbar_route_degraded_total"            "Answers that are below their route's first choice, by step";
    ROUTE_CACHE       Counter   "busbar_route_cache_total"               "Requests that a route's cache had to do with, by what it had";
    ROUTE_RESUMED     Counter   "busbar_route_resumed_total"             "Times that another model went on with an answer";
    TARGET_BREAKER    Gauge     "busbar_target_breaker"                  "A target's breaker: 0 closed, 1 half open, 2 open";
    TARGET_IN_FLIGHT  Gauge     "busbar_target_in_flight"                "Requests under way at a target";
    TARGET_LIMIT      Gauge     "busbar_target_limit"                    "Requests that a target may have at once at present; absent where there is no limit";
    TARGET_LATENCY    Gauge     "busbar_target_first_event_seconds"      "A target's time to a first event, as of late";

    SLOTS             Gauge     "busbar_engine_slots"                    "Sequences that an engine can work on at once";
    SLOTS_BUSY        Gauge     "busbar_engine_slots_busy"               "Sequences that it is working on now";
    QUEUE_DEPTH       Gauge     "busbar_engine_queue_depth"              "Requests that wait for a slot";
    QUEUE_CAPACITY    Gauge     "busbar_engine_queue_capacity"           "Requests that may wait before more are refused";
    PROMPT_TOKENS     Counter   "busbar_engine_prompt_tokens_total"      "Prompt tokens computed";
    REUSED_TOKENS     Counter   "busbar_engine_prompt_tokens_reused_total" "Prompt tokens found already computed";
    OUTPUT_TOKENS     Counter   "busbar_engine_output_tokens_total"      "Tokens written";
    PASSES            Counter   "busbar_engine_passes_total"             "Passes through the model; tokens per pass say how well requests share them";
    FINISHED          Counter   "busbar_engine_requests_finished_total"  "Requests that an engine brought to their end";
    CANCELLED         Counter   "busbar_engine_requests_cancelled_total" "Requests given up because nobody waits for the answer";
    EXPIRED           Counter   "busbar_engine_requests_expired_total"   "Requests given up because their deadline passed";
    FAILED            Counter   "busbar_engine_requests_failed_total"    "Requests that failed in the engine";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_end_as_their_kind_demands() {
        let mut seen = BTreeSet::new();
        for row in ALL {
            assert!(seen.insert(row.name), "{} is there twice", row.name);
            assert_eq!(
                row.name.ends_with("_total"),
                row.kind == Kind::Counter,
                "{}: counters, and only they, end in _total",
                row.name
            );
            assert!(
                row.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                "{}",
                row.name
            );
        }
    }
}
