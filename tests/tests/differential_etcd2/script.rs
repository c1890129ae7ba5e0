//! The language of the scripts: a line is a step, or stands for many.
//!
//! ```text
//! # a remark
//! PUT /v2/keys/a value=1                a request with a form; a body that begins with { or [ is JSON
//! GET /v2/keys/a @Accept:x              with a header; `@Content-Type:` alone sends none
//! PUT /v2/members/⟦id⟧ {}               ⟦id⟧ is the id of the server's only member
//! each {a|b} GET /v2/keys/{}            the line with each of these
//! times 9 PUT /v2/keys/a value=1        the line so often; the answers are not compared
//! as name:password                      who asks from here on; `as nobody`
//! gone /v2/keys/a                       waits until there is nothing, on both servers
//! level                                 brings the indexes of both servers together,
//!                                       which is ⟦mark⟧ from here on
//! w := GET /v2/keys/a?wait=true         begins a watch that is called w
//! w hears                               waits for the end of its answer
//! w streams 2                           waits until its answer has so many lines, and what follows
//! w is silent                           looks at what has come, after some time
//! w leaves                              closes its connection
//! random 50                             draws 50 lines from those up to `end`, in which ‹a|b› is
//!                                       one of these, drawn anew each time
//! ```

use quorate_conformance::random::Random;

use crate::draw::draw;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) line: String,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Ask {
    fn parse(line: &str) -> Self {
        let mut words = line.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default().to_owned();
        let (method, target, mut rest) = (word(), word(), word());
        let mut headers = Vec::new();
        while let Some(header) = rest.strip_prefix('@') {
            let (header, behind) = header.split_once(' ').unwrap_or((header, ""));
            let (name, value) = header.split_once(':').unwrap_or((header, ""));
            headers.push((name.to_owned(), value.replace('+', " ")));
            rest = behind.to_owned();
        }
        let kind = match rest.as_bytes().first() {
            Some(b'{' | b'[') => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        let is_told = headers.iter().any(|(name, _)| name == "Content-Type");
        if matches!(&*method, "PUT" | "POST") && !is_told {
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        headers.retain(|(name, value)| name != "Content-Type" || !value.is_empty());
        Self {
            line: line.to_owned(),
            method,
            target,
            headers,
            body: rest,
        }
    }

    /// A request that takes away the key of this one.
    pub(crate) fn removal(&self) -> Self {
        let path = self.target.split('?').next().unwrap_or_default();
        Self::parse(&format!("DELETE {path}?recursive=true"))
    }

    /// Stands for what a watcher is asked.
    pub(crate) fn of_watch(name: &str, look: Look) -> Self {
        Self {
            line: format!("{name} {look:?}"),
            method: String::new(),
            target: String::new(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Whether the order of what is listed is nobody's promise.
    pub(crate) fn is_unsorted(&self) -> bool {
        !self.line.contains("sorted=")
    }
}

/// What a script does next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Ask(Ask),
    /// Asks so often without comparing.
    Times(u64, Ask),
    As(Option<String>),
    Gone(String),
    Level,
    Watch(String, Ask),
    Watcher(String, Look),
}

/// How a watcher is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Look {
    Answer,
    Lines(usize),
    Silence,
    Leave,
}

impl Step {
    fn parse(line: &str) -> Self {
        if let Some((name, ask)) = line.split_once(" := ") {
            return Self::Watch(name.to_owned(), Ask::parse(ask));
        }
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (first, rest) {
            ("level", "") => Self::Level,
            ("as", "nobody") => Self::As(None),
            ("as", user) => Self::As(Some(user.to_owned())),
            ("gone", target) => Self::Gone(target.to_owned()),
            ("times", rest) => {
                let (count, ask) = rest.split_once(' ').unwrap();
                Self::Times(count.parse().unwrap(), Ask::parse(ask))
            }
            (name, "hears") => Self::Watcher(name.to_owned(), Look::Answer),
            (name, "is silent") => Self::Watcher(name.to_owned(), Look::Silence),
            (name, "leaves") => Self::Watcher(name.to_owned(), Look::Leave),
            (name, rest) => match rest.strip_prefix("streams ") {
                Some(count) => Self::Watcher(name.to_owned(), Look::Lines(count.parse().unwrap())),
                None => Self::Ask(Ask::parse(line)),
            },
        }
    }
}

/// The steps of a script, with the number of the line of each.
pub(crate) fn steps(text: &str, rounds: u64, random: &mut Random) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let made = if let Some(count) = line.strip_prefix("random ") {
            let lines: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line.trim_end())
                .take_while(|line| *line != "end")
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .collect();
            let count = count.parse::<u64>().unwrap() * rounds;
            (0..count).map(|_| draw(&lines, random)).collect()
        } else {
            each(line)
        };
        steps.extend(made.iter().map(|line| (at + 1, Step::parse(line))));
    }
    steps
}

/// The line, or one for each of its alternatives.
fn each(line: &str) -> Vec<String> {
    let Some(rest) = line.strip_prefix("each {") else {
        return vec![line.to_owned()];
    };
    let (alternatives, line) = rest.split_once("} ").unwrap();
    let alternatives = alternatives.split('|');
    alternatives.map(|it| line.replace("{}", it)).collect()
}
