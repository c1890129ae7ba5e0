//! `quorate query`.

use std::process::Stdio;

use quorate::{Answer, Coordinator, Inquiry, QueryOptions, Question};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::args::query::{AnswerArgs, AskArgs, QueryCommand};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, is_lasting};
use crate::input;
use crate::view::query::AnswerView;

/// More than any question may say.
const MOST: usize = 64 * 1024;

/// Opens the backend, runs one verb until its end or a signal, and closes the backend.
pub(crate) async fn run(config: &Config, command: QueryCommand) -> Result<Exit, Failure> {
    let verb = async |coordinator: &Coordinator| match command {
        QueryCommand::Ask(args) => ask(config, coordinator, args).await,
        QueryCommand::Answer(args) => answer(config, coordinator, &args).await,
    };
    connect::until_signal(config, verb).await
}

async fn ask(config: &Config, coordinator: &Coordinator, args: AskArgs) -> Result<Exit, Failure> {
    let payload = input::plain(&args.payload, MOST)?;
    let mut options = QueryOptions::default().with_relays(args.asked.relay_factor);
    options.members = args.asked.node;
    options.tags = args.asked.tag.into_iter().collect();
    options.acks = args.acks;
    options.timeout = config.timeout;
    let queries = coordinator.queries();
    let mut answers = queries.ask_with(&args.name, payload, &options).await?;
    let mut any = false;
    while let Some(answer) = answers.next().await {
        let answer = answer?;
        any |= matches!(answer, Answer::Response { .. });
        if let Some(view) = AnswerView::new(&answer) {
            config.screen.show(&view)?;
        }
    }
    match any {
        true => Ok(Exit::Success),
        false => {
            let nobody = Failure::new(Exit::NotFound, format!("nobody answers {}", args.name));
            Err(nobody.with_next("quorate members, for who is there; --timeout, for more time"))
        }
    }
}

/// Answers questions for ever. What may pass is told, and it goes on.
async fn answer(
    config: &Config,
    coordinator: &Coordinator,
    args: &AnswerArgs,
) -> Result<Exit, Failure> {
    let mut questions = coordinator.queries().watch(Some(&args.name)).await?;
    while let Some(inquiry) = questions.next().await {
        let answered = match inquiry {
            Ok(Inquiry::Question(question)) => reply(&question, args).await,
            Ok(_) => continue,
            Err(error) if is_lasting(error.kind()) => return Err(error.into()),
            Err(error) => Err(error.into()),
        };
        if let Err(failure) = answered {
            config.screen.note(&failure.view())?;
        }
    }
    Ok(Exit::Success)
}

/// Runs the command with the payload on its input, and sends what it prints.
async fn reply(question: &Question, args: &AnswerArgs) -> Result<(), Failure> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::usage("there is no command to run"));
    };
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("QUORATE_QUERY", &question.name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let started = command.spawn().map_err(Failure::from);
    let started = started.map_err(|failure| {
        let program = program.to_string_lossy();
        failure.context(format!("start {program}"))
    });
    let mut child = started?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command that does not read closes it; what fits a question fits a pipe.
        let _ = stdin.write_all(&question.payload).await;
    }
    let output = child.wait_with_output().await?;
    if !output.status.success() {
        let why = format!(
            "the command ends with {}, so nothing is answered",
            output.status
        );
        return Err(Failure::new(Exit::Failure, why));
    }
    Ok(question.answer(output.stdout).await?)
}
