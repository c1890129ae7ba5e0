//! Random requests, as lines.

use quorate_conformance::random::Random;

/// With those of the test itself not more than 12: of more, etcd sorts equal ones in any order.
const KEYS: [&str; 9] = ["a", "b", "c", "a/b", "a/c", "%00", "%FF", "b%00", "z"];
const RANGES: [&str; 12] = [
    "a*", "*", "..", "b..", "a..c", "a/*", "c..a", "b..b", "%FF*", "a..a%00", "..b", "z..",
];
/// What is granted to the roles. Of one role each begins with another key: see `known.rs`.
const GRANTS: [&[&str]; 3] = [
    &["a..c", "b", "c", "a/*", "a/b", "%00", "%FF", "b%00", "z"],
    &["a*", "b..", "c..a", "a/b", "a/c", "*", "%FF*", "z.."],
    &["a..a%00", "b..b", "c", "a/*", "..b", "%FF", "b%00", "z"],
];
const REVISIONS: [&str; 12] = [
    "last", "last-1", "last-2", "last-3", "last-7", "last-20", "last-70", "last+1", "0", "1",
    "last-4", "last-9",
];
const VALUES: [&str; 9] = ["1", "2", "3", "''", "m", "zz", "%00%FF", "@40", "@300"];
const RELATIONS: [&str; 4] = ["=", "!=", "<", ">"];
const USERS: [&str; 3] = ["u", "v", "root"];
const ROLES: [&str; 4] = ["r", "s", "t", "root"];

/// Draws requests.
pub(crate) struct Generator {
    random: Random,
    /// Whether those who ask have names.
    named: bool,
}

impl Generator {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            random,
            named: false,
        }
    }

    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        let &item = self.random.pick::<&'static str>(items);
        item
    }

    /// Whether to do something that is done once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.random.below(times) == 0
    }

    fn number(&mut self, below: u64) -> u64 {
        self.random.below(below)
    }

    fn key(&mut self) -> &'static str {
        if self.once_in(60) {
            "''"
        } else {
            self.pick(&KEYS)
        }
    }

    fn range(&mut self) -> &'static str {
        if self.once_in(2) {
            self.key()
        } else {
            match self.pick(&RANGES) {
                // Whether somebody may ask for it is known to differ.
                "c..a" if self.named => "a..c",
                range => range,
            }
        }
    }

    fn lease(&mut self) -> u64 {
        1 + self.number(5)
    }

    /// A request while nobody has a name.
    pub(crate) fn request(&mut self) -> String {
        match self.number(100) {
            0..30 => self.put(),
            30..55 => self.get(),
            55..65 => self.delete(),
            65..88 => format!("txn {}", self.txn(2)),
            88..98 => self.of_lease(),
            _ => self.of_server(),
        }
    }

    fn put(&mut self) -> String {
        let keeps = self.once_in(8);
        let value = if keeps { "''" } else { self.pick(&VALUES) };
        let mut line = format!("put {} {value}", self.key());
        if self.once_in(4) {
            line += &format!(" lease={}", self.lease());
        }
        if self.once_in(4) {
            line += " prev";
        }
        if keeps || self.once_in(60) {
            line += " keep-value";
        }
        if self.once_in(10) {
            line += " keep-lease";
        }
        line
    }

    fn get(&mut self) -> String {
        let mut line = format!("get {}", self.range());
        if self.once_in(3) {
            line += &format!(" limit={}", self.number(4));
        }
        if self.once_in(3) {
            line += &format!(" rev={}", self.pick(&REVISIONS));
        }
        if self.once_in(3) {
            let order = self.pick(&["up", "down", "by"]);
            let by = self.pick(&["key", "version", "made", "mod", "value"]);
            line += &format!(" {order}={by}");
        }
        for (option, times) in [("keys", 8), ("count", 8), ("old", 8)] {
            if self.once_in(times) {
                line += &format!(" {option}");
            }
        }
        for bound in ["mod", "made"] {
            if self.once_in(8) {
                let low = self.pick(&["last-9", "last-3", "last-30", "1", ""]);
                let high = self.pick(&["last", "last-2", ""]);
                line += &format!(" {bound}={low}..{high}");
            }
        }
        line
    }

    fn delete(&mut self) -> String {
        let prev = if self.once_in(2) { " prev" } else { "" };
        // Now and then everything, else mostly one key, so that something is left.
        let range = if self.once_in(6) {
            self.range()
        } else {
            self.key()
        };
        format!("del {range}{prev}")
    }

    /// A transaction without its first word, at most so many deep.
    fn txn(&mut self, depth: u64) -> String {
        let conditions: Vec<_> = (0..self.number(3)).map(|_| self.condition()).collect();
        let then = self.operations(depth);
        let or = self.operations(depth);
        format!("{} ? {then} : {or}", conditions.join(", "))
            .trim_start()
            .to_owned()
    }

    fn condition(&mut self) -> String {
        let range = if self.once_in(5) {
            self.range()
        } else {
            self.key()
        };
        let relation = self.pick(&RELATIONS);
        let (target, value) = match self.number(5) {
            0 => ("version", self.number(4).to_string()),
            1 => ("create", self.pick(&REVISIONS).to_owned()),
            2 => ("mod", self.pick(&REVISIONS).to_owned()),
            3 => ("value", self.pick(&VALUES).to_owned()),
            _ => ("lease", self.number(6).to_string()),
        };
        format!("{target} {range} {relation} {value}")
    }

    fn operations(&mut self, depth: u64) -> String {
        let count = self.number(4);
        let operations: Vec<_> = (0..count).map(|_| self.operation(depth)).collect();
        operations.join(" ; ")
    }

    fn operation(&mut self, depth: u64) -> String {
        match self.number(20) {
            0..8 => self.put(),
            8..13 => self.get(),
            13..15 => self.delete(),
            15..19 if depth > 0 => format!("( {} )", self.txn(depth - 1)),
            19 if self.once_in(10) => "nothing".to_owned(),
            _ => self.get(),
        }
    }

    fn of_lease(&mut self) -> String {
        let lease = self.lease();
        match self.number(10) {
            0..4 => format!(
                "grant {lease} {}",
                self.pick(&["600", "6000", "9000000001"])
            ),
            4..6 => format!("revoke {lease}"),
            6..8 => format!("ttl {lease} keys"),
            8 => format!("keep {lease}"),
            _ => "leases".to_owned(),
        }
    }

    fn of_server(&mut self) -> String {
        let lines = [
            "member list",
            "status",
            "alarm list 0 0",
            "member remove 77",
            "move 77",
            "user list",
            "role list",
            "auth status",
            "leader nobody",
            "unlock a",
        ];
        self.pick(&lines).to_owned()
    }

    /// Mostly what is allowed.
    pub(crate) fn compaction(&mut self) -> String {
        let revision = self.pick(&["last-40", "last-10", "last-90", "last+1", "0", "last-60"]);
        let physical = self.pick(&["", " physical"]);
        format!("compact {revision}{physical}")
    }

    /// A watch of what was and what comes. It tells the mark.
    pub(crate) fn watch(&mut self) -> String {
        let range = self.pick(&["..", "*", "z..", "b.."]);
        let from = self.pick(&["0", "1", "last-9", "last-30", "last"]);
        let options = self.pick(&["", " prev", " nodelete", " fragment", " prev fragment"]);
        format!("{range} from={from}{options}")
    }

    /// Makes users count.
    pub(crate) fn enable() -> [&'static str; 15] {
        [
            "user add root r",
            "user add u p",
            "user add v p",
            "user add n nothing",
            "role add root",
            "role add r",
            "role add s",
            "role grant r read a..c",
            "role grant s both a*",
            "role grant s write z..",
            "user grant root root",
            "user grant u r",
            "user grant v s",
            "auth enable",
            "as root r",
        ]
    }

    /// A request of whoever asks, or one that changes who that is and what it may do.
    pub(crate) fn request_of_somebody(&mut self) -> String {
        self.named = true;
        match self.number(100) {
            0..6 => {
                let who = [
                    "as u p",
                    "as v p",
                    "as root r",
                    "as nobody",
                    "as u x",
                    "as n ''",
                ];
                self.pick(&who).to_owned()
            }
            6..10 => "as root r".to_owned(),
            10..22 => self.of_auth(),
            // Those within others are known to differ, and leases in transactions.
            22..40 => self.plain_txn(),
            40..60 => self.put(),
            60..85 => self.get(),
            85..92 => self.delete(),
            92..98 => self.of_lease(),
            _ => self.of_server(),
        }
    }

    /// A transaction without leases.
    fn plain_txn(&mut self) -> String {
        let txn = self.txn(0);
        let words = txn.split(' ').filter(|word| !word.starts_with("lease="));
        format!("txn {}", words.collect::<Vec<_>>().join(" "))
    }

    fn of_auth(&mut self) -> String {
        let (user, role) = (self.pick(&USERS), self.pick(&ROLES));
        let range = self.range();
        match self.number(14) {
            0..3 => {
                let what = self.pick(&["read", "write", "both"]);
                let at = ROLES
                    .iter()
                    .position(|own| *own == role)
                    .unwrap_or_default();
                let range = self.pick(GRANTS[at % GRANTS.len()]);
                format!("role grant {role} {what} {range}")
            }
            3..5 => format!("role revoke {role} {range}"),
            5..7 => format!("user grant {user} {role}"),
            7 => format!("user revoke {user} {role}"),
            8 => format!("user get {user}"),
            9..11 => format!("role get {role}"),
            11 => format!("role add {role}"),
            12 => "user list".to_owned(),
            _ => "auth status".to_owned(),
        }
    }
}
