//! `quorate consul check`.

use std::time::Duration;

use quorate_consul::wire::GoDuration;
use quorate_consul::{HealthStatus, QueryOptions};
use serde_json::{Map, Value};

use super::Context;
use super::agent::{CHECKS, filtered, status};
use super::body::{self, Document};
use super::definition::{self, Definitions};
use crate::args::consul::check::{CheckVerb, KindArgs, NoteArgs, RegisterArgs, RunArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::object::Object;
use crate::view::rows::Rows;

/// Agents keep less than that of an output.
const MAX_OUTPUT: usize = 1 << 20;

pub(super) async fn run(context: Context<'_>, verb: CheckVerb) -> Result<Exit, Failure> {
    let (agent, screen) = (context.client.agent(), &context.config.screen);
    match verb {
        CheckVerb::Register(args) => register(context, &args).await?,
        CheckVerb::Deregister(args) => agent.deregister_check(&args.id).await?,
        CheckVerb::List(args) => {
            let found = agent.checks_with(&filtered(&args)).await?.value;
            screen.show(&Rows::new(found.into_values().collect(), CHECKS))?;
        }
        CheckVerb::Pass(args) => say(context, &args, &HealthStatus::Passing).await?,
        CheckVerb::Warn(args) => say(context, &args, &HealthStatus::Warning).await?,
        CheckVerb::Fail(args) => say(context, &args, &HealthStatus::Critical).await?,
        CheckVerb::Update(args) => {
            let output = input::text(&args.output_text, MAX_OUTPUT)?;
            let status = status(args.status);
            agent.update_ttl(&args.id, &status, &output).await?;
        }
    }
    Ok(Exit::Success)
}

async fn say(context: Context<'_>, args: &NoteArgs, status: &HealthStatus) -> Result<(), Failure> {
    let agent = context.client.agent();
    Ok(agent.update_ttl(&args.id, status, &args.note).await?)
}

async fn register(context: Context<'_>, args: &RegisterArgs) -> Result<(), Failure> {
    let mut checks = Vec::new();
    match &args.name {
        Some(name) => checks.push(from_options(name, args)),
        None => {
            for file in &args.files {
                let found = Definitions::read(file)?;
                if found.checks.is_empty() {
                    let name = file.display();
                    return Err(Failure::usage(format!("{name} defines no check"))
                        .with_next("quorate consul services register FILE, for services"));
                }
                checks.extend(found.checks);
            }
        }
    }
    let ids = checks.iter().map(definition::id);
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    for (mut check, id) in checks.into_iter().zip(ids) {
        let mut options = QueryOptions::new();
        if let Some(token) = definition::take_token(&mut check) {
            options = options.with_token(token);
        }
        body::send(context, "/v1/agent/check/register", &check.into(), options)
            .await
            .map_err(|failure| failure.context(format!("register check {id}")))?;
        context.config.screen.show(&Object::new("ID", id))?;
    }
    Ok(())
}

/// A body in the making.
struct Draft(Document);

impl Draft {
    fn set<T: Into<Value>>(&mut self, field: &str, value: Option<T>) {
        if let Some(value) = value {
            self.0.insert(field.into(), value.into());
        }
    }

    fn texts(&mut self, field: &str, texts: &[String]) {
        self.set(field, Some(texts).filter(|texts| !texts.is_empty()));
    }

    fn text(&mut self, field: &str, text: Option<&String>) {
        self.set(field, text.map(String::as_str));
    }

    fn time(&mut self, field: &str, time: Option<Duration>) {
        self.set(field, time.map(|time| GoDuration::from(time).to_string()));
    }

    fn truth(&mut self, field: &str, truth: bool) {
        self.set(field, truth.then_some(true));
    }
}

fn from_options(name: &str, args: &RegisterArgs) -> Document {
    let mut body = Draft(Map::new());
    body.set("Name", Some(name));
    body.text("ID", args.id.as_ref());
    body.text("ServiceID", args.service_id.as_ref());
    body.text("Notes", args.notes.as_ref());
    let status = args.status.map(status);
    body.set("Status", status.as_ref().map(HealthStatus::as_str));
    body.time(
        "DeregisterCriticalServiceAfter",
        args.deregister_critical_service_after,
    );
    what(&mut body, &args.kind);
    how(&mut body, &args.run);
    body.0
}

fn what(body: &mut Draft, args: &KindArgs) {
    body.time("TTL", args.ttl);
    body.text("HTTP", args.http.as_ref());
    body.text("TCP", args.tcp.as_ref());
    body.text("GRPC", args.grpc.as_ref());
    body.texts("Args", &args.script);
    body.text("AliasService", args.alias_service.as_ref());
    body.text("AliasNode", args.alias_node.as_ref());
}

fn how(body: &mut Draft, args: &RunArgs) {
    body.time("Interval", args.interval);
    body.time("Timeout", args.timeout_each);
    body.text("Method", args.method.as_ref());
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in &args.header {
        let values = headers
            .entry(name.as_str())
            .or_insert_with(|| Vec::<Value>::new().into());
        if let Value::Array(values) = values {
            values.push(value.as_str().into());
        }
    }
    body.set(
        "Header",
        Some(headers).filter(|headers| !headers.is_empty()),
    );
    body.text("Body", args.body.as_ref());
    body.truth("TLSSkipVerify", args.tls_skip_verify);
    body.truth("GRPCUseTLS", args.grpc_use_tls);
    body.text("DockerContainerID", args.docker_container_id.as_ref());
    body.text("Shell", args.shell.as_ref());
    body.set("SuccessBeforePassing", args.success_before_passing);
    body.set("FailuresBeforeCritical", args.failures_before_critical);
    body.set("OutputMaxSize", args.output_max_size);
}
