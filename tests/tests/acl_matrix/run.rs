//! Makes every request with every rule set, and compares the answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::ensure;
use futures_util::future::join_all;
use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::known::known;
use crate::operation::Operation;
use crate::operations::operations;
use crate::plain::plain;
use crate::rules::{RuleSet, rule_sets};
use crate::side::{LANES, MASTER, Side, is_nothing};
use crate::world::{Settings, World};

/// Compares the two servers over all operations of the nouns that `wanted` takes.
pub(crate) async fn compare(
    settings: Settings,
    wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<()> {
    let only = std::env::var("QUORATE_ACL_MATRIX_NOUN").ok();
    let named = |noun: &str| only.as_deref().is_none_or(|only| only == noun);
    let mut world = World::start(settings).await?;
    let rows = operations().into_iter();
    let rows = rows.filter(|it| wanted(it.noun) && named(it.noun));
    let rows: Vec<_> = rows.map(|it| (rule_sets(it.groups), it)).collect();
    for (sets, _) in &rows {
        world.grant(sets).await?;
    }
    let mut tally = Tally::default();
    let mut reads: Vec<Vec<Cell>> = vec![Vec::new(); LANES];
    let mut writes = Vec::new();
    for (sets, operation) in rows {
        if !is_served(&world, &operation, &mut tally).await? {
            continue;
        }
        let operation = Arc::new(operation);
        for (number, set) in sets.into_iter().enumerate() {
            let lane = if operation.writes {
                &mut writes
            } else {
                &mut reads[number % LANES]
            };
            lane.push((Arc::clone(&operation), set));
        }
    }
    let reads = reads.into_iter().enumerate();
    let reads = reads.map(|(lane, cells)| go(&world, lane, cells));
    for done in join_all(reads).await {
        tally.note_all(done?);
    }
    tally.note_all(go(&world, 0, writes).await?);
    tally.report(settings)
}

/// One operation with one rule set.
type Cell = (Arc<Operation>, RuleSet);

/// Makes requests one after another.
async fn go(world: &World, lane: usize, cells: Vec<Cell>) -> anyhow::Result<Vec<(Cell, Both)>> {
    let mut done = Vec::with_capacity(cells.len());
    for (operation, set) in cells {
        let both = answers(world, lane, &operation, &set).await?;
        done.push(((operation, set), both));
    }
    Ok(done)
}

/// A token that there is not.
const NOBODY: &str = "99999999-0000-4000-8000-000000000000";

/// Both answers to an operation with one token, in words.
type Both = (String, String);

async fn answers(
    world: &World,
    lane: usize,
    operation: &Operation,
    set: &RuleSet,
) -> anyhow::Result<Both> {
    let token = world.secret(set);
    let (real, ours) = tokio::join!(
        perform(&world.real, lane, operation, token),
        perform(&world.ours, lane, operation, token)
    );
    Ok((plain(operation, &real?), plain(operation, &ours?)))
}

/// Makes a request, with what belongs before and after it.
async fn perform(
    side: &Side,
    lane: usize,
    operation: &Operation,
    token: Option<&str>,
) -> anyhow::Result<Answer> {
    let mut made: Option<Value> = None;
    if let Some(before) = &operation.before {
        let answer = side.ask(lane, before, Some(MASTER), None).await?;
        ensure!(
            answer.status == 200,
            "before {}: {} {}",
            operation.title(),
            answer.status,
            answer.text()
        );
        made = answer.json().ok();
    }
    let answer = side
        .ask(lane, &operation.request, token, made.as_ref())
        .await?;
    if answer.status == 200 || made.is_some() {
        if let Ok(new @ Value::Object(_)) = answer.json() {
            made = Some(new);
        }
        for after in &operation.after {
            side.ask(lane, after, Some(MASTER), made.as_ref()).await?;
        }
    }
    Ok(answer)
}

/// Whether the agent has the endpoint at all.
async fn is_served(
    world: &World,
    operation: &Operation,
    tally: &mut Tally,
) -> anyhow::Result<bool> {
    let asked = &operation.request;
    let probe = |side| Side::ask(side, 0, asked, Some(NOBODY), None);
    let (real, ours) = (probe(&world.real).await?, probe(&world.ours).await?);
    if is_nothing(&ours) && !is_nothing(&real) {
        tally.unserved.push(operation.title());
        return Ok(false);
    }
    Ok(true)
}

/// What came of it.
#[derive(Default)]
struct Tally {
    nouns: BTreeMap<&'static str, usize>,
    known: BTreeMap<&'static str, usize>,
    unserved: Vec<String>,
    /// By operation: the rule sets, and what was answered to the first.
    differences: BTreeMap<String, Vec<(String, Both)>>,
}

impl Tally {
    fn note_all(&mut self, done: Vec<(Cell, Both)>) {
        for ((operation, set), both) in done {
            self.note(&operation, &set, both);
        }
    }

    fn note(&mut self, operation: &Operation, set: &RuleSet, (real, ours): Both) {
        *self.nouns.entry(operation.noun).or_default() += 1;
        if real == ours {
            return;
        }
        if let Some(known) = known(operation, &real, &ours) {
            *self.known.entry(known.name).or_default() += 1;
            return;
        }
        let title = operation.title();
        let of = self.differences.entry(title).or_default();
        of.push((set.name.clone(), (real, ours)));
    }

    fn report(self, settings: Settings) -> anyhow::Result<()> {
        let rows: usize = self.nouns.values().sum();
        println!("{settings:?}: {rows} rows compared: {:?}", self.nouns);
        for (name, count) in &self.known {
            println!("  known to differ: {name}: {count}");
        }
        let limit = std::env::var("QUORATE_ACL_MATRIX_REPORTS");
        let limit = limit.ok().and_then(|text| text.parse().ok()).unwrap_or(20);
        for (title, rows) in self.differences.iter().take(limit) {
            println!("\n=== {title}: {} rows differ", rows.len());
            for (set, _) in rows.iter().skip(1).take(limit) {
                println!("  also with {set}");
            }
            if let Some((set, (real, ours))) = rows.first() {
                let short = |text: &str| text.chars().take(1500).collect::<String>();
                println!(
                    "  with {set}\n--- Consul\n{}\n--- ours\n{}",
                    short(real),
                    short(ours)
                );
            }
        }
        for title in &self.unserved {
            println!("  not served: {title}");
        }
        let rows: usize = self.differences.values().map(Vec::len).sum();
        ensure!(
            rows == 0,
            "{rows} rows of {} differ",
            self.differences.len()
        );
        let unserved = self.unserved.len();
        ensure!(unserved == 0, "{unserved} operations are not served");
        Ok(())
    }
}
